"""Server-sent events (WHATWG HTML, section 9.2): encoding, and a heartbeat while a model thinks."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_S = 10.0
"""Proxies commonly close connections that are silent for 30 to 60 seconds."""


def encoded(name: str, data: Any, number: str | None = None) -> bytes:
    """One event, with its id where it has one. JSON escapes line ends, so the data is one line."""
    tag = f"id: {number}\n" if number is not None else ""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n{tag}\n".encode()


def event_id(answer_id: str, number: int) -> str:
    """The id of an answer's event; names the answer, so that it alone is enough to come back with."""
    return f"{answer_id}:{number}"


async def with_heartbeat(
    lines: AsyncGenerator[bytes, None], every_s: float = HEARTBEAT_S
) -> AsyncGenerator[bytes, None]:
    """The lines, with a comment (which clients ignore) whenever none came for ``every_s`` seconds.

    Closing it stops the work behind ``lines``.
    """
    following: asyncio.Future[bytes] | None = None
    try:
        while True:
            following = following or asyncio.ensure_future(anext(lines))
            done, _ = await asyncio.wait({following}, timeout=every_s)
            if not done:
                yield b": still working\n\n"
                continue
            try:
                line = following.result()
            except StopAsyncIteration:
                return
            following = None
            yield line
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        await lines.aclose()
