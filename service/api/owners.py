"""Whose request it is."""

from fastapi import Request

from service.state import LOCAL


def owner(request: Request) -> str:
    """The id of the key, or the subject of the token, that the request came with; `LOCAL` without."""
    return str(request.scope.get("state", {}).get("owner", LOCAL))
