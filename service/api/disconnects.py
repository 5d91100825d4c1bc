"""Stop work that nobody waits for any more."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from fastapi import Request

T = TypeVar("T")

CLIENT_GONE = 499
"""Status of a response that nobody reads (nginx's number): seen in logs and metrics only."""


async def unless_gone(request: Request, work: Awaitable[T]) -> T | None:
    """The result of ``work``; ``None``, and ``work`` cancelled, where the client went away before it.

    The request's body has been read: what comes next from the client can only be its end.
    """
    doing = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
        return await doing if doing.done() else None
    finally:
        for task in (doing, gone):
            task.cancel()
        await asyncio.gather(doing, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
