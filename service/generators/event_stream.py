"""Server-sent events of a chat completion, read from bytes to JSON objects and no further.

The client library builds validated-looking objects of each token without validating them, at half of what a
token costs; a broken chunk is noticed here, where its fields are read.
"""

import asyncio
import json
from collections import deque
from contextlib import suppress
from typing import Any

import httpx2

_LAST_PART_S = 1.0
"""A connection whose response was read to its end is used again; it is not waited for longer than this."""


class EventStream:
    """The ``data`` of one response's events (WHATWG HTML, section 9.2), up to ``[DONE]``."""

    def __init__(self, response: httpx2.Response) -> None:
        self._parts = aiter(response.aiter_bytes())
        self._rest = b""
        self._data: list[bytes] = []
        self._events: deque[bytes] = deque()
        self._done = False

    async def next(self, deadline: float) -> Any | None:
        """The next event's JSON value; ``None`` at the end. An event that is cut off is none.

        Args:
            deadline: By the event loop's clock.

        Raises:
            TimeoutError: If it did not come in time.
            ValueError: If it is not JSON in UTF-8.
            httpx2.HTTPError: If the connection broke.
        """
        while not self._events and not self._done:
            try:
                async with asyncio.timeout_at(deadline):
                    self._feed(await anext(self._parts))
            except StopAsyncIteration:
                self._done = True
        if not self._events:
            return None
        data = self._events.popleft()
        if data.startswith(b"[DONE]"):
            self._done = True
            self._events.clear()
            await self._read_out()
            return None
        try:
            return json.loads(data)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    def _feed(self, part: bytes) -> None:
        *lines, self._rest = (self._rest + part).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if line.startswith(b"data:"):
                self._data.append(line[5:].strip())
            elif not line and self._data:
                self._events.append(b"\n".join(self._data))
                self._data = []

    async def _read_out(self) -> None:
        with suppress(TimeoutError, httpx2.HTTPError):
            async with asyncio.timeout(_LAST_PART_S):
                async for _ in self._parts:
                    pass
