"""Server-sent events (WHATWG HTML, section 9.2): encoding, and a heartbeat while a model thinks."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_S = 10.0
"""Proxies commonly close connections that are silent for 30 to 60 seconds."""


def encoded(name: str, data: Any) -> bytes:
    """One event. JSON escapes line ends, so the data is one line."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


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
