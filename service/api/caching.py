"""ETags of what one index generation holds (RFC 9110, section 8.8.3): the same until another one serves.

For clients that keep what they read; browsers are told to keep nothing (`service.security.headers`).
"""

from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel
from starlette.responses import JSONResponse

from service.release import release

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "As the If-None-Match says, unchanged"}}
"""For the OpenAPI document."""


def etag(generation: str | None) -> str:
    """Of any resource read from this generation by this version; an address has one representation."""
    return f'"{generation or "none"}.{release()}"'


def unchanged(request: Request, tag: str) -> bool:
    """Whether the client holds this representation already (``If-None-Match``, weak comparison).

    ``*`` asks whether there is any representation, which is known only after looking: it is not unchanged.
    """
    given = request.headers.get("if-none-match", "")
    return any(one.strip().removeprefix("W/") == tag for one in given.split(","))


def tagged(found: BaseModel, tag: str) -> Response:
    """The representation with its tag."""
    return JSONResponse(found.model_dump(mode="json"), headers={"ETag": tag})


def not_modified(tag: str) -> Response:
    """304, without a body."""
    return Response(status_code=304, headers={"ETag": tag})
