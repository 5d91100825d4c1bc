"""Opaque places in lists of one index generation.

A cursor names its generation and what was asked for: a list that is read page by page never mixes two
generations, and never goes on with another filter than it began with.
"""

import base64
import binascii
import json
from hashlib import sha256

from service.errors import BadRequest, ServiceError


class CursorExpired(ServiceError):  # noqa: N818
    """The list was begun in a generation that does not serve any more."""

    code = "cursor-expired"
    status = 410


def cursor(generation: str, asked: str, place: str) -> str:
    """The cursor of what follows ``place``.

    Args:
        asked: Whatever must be the same on the next page: filters, as canonical text.
    """
    parts = json.dumps([generation, _mark(asked), place], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(parts.encode()).decode().rstrip("=")


def place(given: str, generation: str, asked: str) -> str:
    """The place a cursor names.

    Raises:
        CursorExpired: If another generation serves now.
        BadRequest: If it is no cursor, or of another list.
    """
    try:
        text = base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True)
        begun, mark, found = json.loads(text)
        if not all(isinstance(part, str) for part in (begun, mark, found)):
            raise ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise _foreign() from None
    if begun != generation:
        raise CursorExpired(
            "一覧を読み始めた後に索引が更新されました。cursor を付けずに最初から読み直してください。",
            "The index has changed since this list was begun: read it again from the start, without cursor.",
        )
    if mark != _mark(asked):
        raise _foreign()
    return str(found)


def _mark(asked: str) -> str:
    return sha256(asked.encode()).hexdigest()[:16]


def _foreign() -> BadRequest:
    return BadRequest(
        "cursor は、同じ条件で受け取った next_cursor をそのまま渡してください。",
        "Pass as cursor the next_cursor of an earlier page of the same list, as it is.",
    )
