"""What the repositories share: time, ids and pages of a list."""

import base64
import binascii
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from corpora import Frozen
from service.errors import BadRequest

LOCAL = "local"
"""The owner of what is made where no key is asked for."""

Clock = Callable[[], datetime]
T = TypeVar("T")


def now() -> datetime:
    """UTC, to the millisecond as it is stored."""
    return from_ms(to_ms(datetime.now(UTC)))


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC; ``moment`` knows its zone."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> datetime:
    """The moment, in UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def maybe_ms(moment: datetime | None) -> int | None:
    """As `to_ms`."""
    return None if moment is None else to_ms(moment)


def from_maybe_ms(milliseconds: int | None) -> datetime | None:
    """As `from_ms`."""
    return None if milliseconds is None else from_ms(milliseconds)


def new_id(kind: str) -> str:
    """``kind`` and 128 random bits: cannot be guessed, so a link is no list of what others asked."""
    return f"{kind}_{secrets.token_hex(16)}"


class Page(Frozen, Generic[T]):
    """A part of a list, newest first.

    Attributes:
        next_cursor: Asks for what follows; ``None`` at the end.
    """

    items: tuple[T, ...]
    next_cursor: str | None


def cursor_of(moment: datetime, row_id: str) -> str:
    """An opaque place in a list ordered by time, then id."""
    return base64.urlsafe_b64encode(f"{to_ms(moment)}~{row_id}".encode()).decode().rstrip("=")


def cursor_place(cursor: str | None) -> tuple[int, str]:
    """Milliseconds and id to go on before; the newest end where there is no cursor.

    Raises:
        BadRequest: If it is none of ours.
    """
    if cursor is None:
        return (1 << 62, "")
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        moment, _, row_id = text.decode("utf-8").partition("~")
        place = int(moment), row_id
    except (ValueError, binascii.Error):
        place = -1, ""
    if not 0 <= place[0] < 1 << 62:
        raise BadRequest(
            "cursor は前の応答の next_cursor をそのまま渡してください。",
            "Pass the next_cursor of an earlier reply as it is.",
        )
    return place


def page_of(rows: list[T], limit: int, place: Callable[[T], tuple[datetime, str]]) -> Page[T]:
    """The first ``limit`` of up to ``limit + 1`` rows."""
    shown = rows[:limit]
    return Page(items=tuple(shown), next_cursor=cursor_of(*place(shown[-1])) if len(rows) > limit else None)
