"""Bounds on what a model server may send: a broken one must not fill our memory or lead prompts elsewhere."""

from collections.abc import AsyncIterator

import httpx2
import openai

MOST_BYTES = 32 * 2**20
"""Of one response. A chunk of one token takes about 250 bytes, so a reply of 100,000 tokens still fits."""

MOST_LINE_BYTES = 2**20
"""Of one line. The client library copies an unfinished line with every part that arrives."""


def most_chunks(max_tokens: int) -> int:
    """Pieces a reply of ``max_tokens`` may come in: one a token, and as much again for empty ones."""
    return 2 * max_tokens + 100


def bounded_client(timeout: openai.Timeout) -> httpx2.AsyncClient:
    """The HTTP client for one model server.

    A redirect is not followed: it would carry the question to an address that nobody configured. Compressed
    replies are not asked for: their size is known only after it has been spent.
    """
    return openai.DefaultAsyncHttpxClient(
        timeout=timeout,
        follow_redirects=False,
        headers={"Accept-Encoding": "identity"},
        event_hooks={"response": [_bound]},
    )


async def _bound(response: httpx2.Response) -> None:
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Bounded(response.stream)


class _Bounded(httpx2.AsyncByteStream):
    """A response's bytes, within both limits."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left, line = MOST_BYTES, 0
        async for part in self._stream:
            left -= len(part)
            end = part.rfind(b"\n")
            line = line + len(part) if end < 0 else len(part) - end
            if left < 0 or line > MOST_LINE_BYTES:
                raise httpx2.ReadError("the response is longer than any reply")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
