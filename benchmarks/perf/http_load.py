"""A client on bare asyncio, so that making the load costs less than serving it."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One response. Times in seconds from the request's first byte.

    Attributes:
        first_s: To the first bytes of the body.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    first_s: float
    whole_s: float


class Connection:
    """One kept-alive connection, opened when first used and again where the server closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, path: str, body: dict[str, Any] | None = None) -> Reply:
        """GET, or POST where there is a body."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**22)
        reader, writer = self._streams
        sent = b"" if body is None else json.dumps(body).encode()
        head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
        fields = f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n" if sent else ""
        began = time.perf_counter()
        writer.write(f"{head}{fields}\r\n".encode() + sent)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        if headers.get("transfer-encoding") == "chunked":
            parts = [await self._chunk(reader)]
            first_s = time.perf_counter() - began
            while parts[-1]:
                parts.append(await self._chunk(reader))
            content = b"".join(parts)
        else:
            content = await reader.readexactly(int(headers.get("content-length", 0)))
            first_s = time.perf_counter() - began
        if headers.get("connection") == "close":
            self.close()
        status = int(lines[0].split()[1])
        return Reply(status, headers, content, first_s, time.perf_counter() - began)

    async def _chunk(self, reader: asyncio.StreamReader) -> bytes:
        size = int(await reader.readline(), 16)
        content = await reader.readexactly(size + 2)
        return content[:-2]

    def close(self) -> None:
        """The next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def closed_loop(
    clients: int, seconds: float, ask: Callable[[Connection], Awaitable[Reply]], port: int
) -> list[Reply]:
    """So many clients, each asking again as soon as it is answered; replies that ended in time."""
    replies: list[Reply] = []
    end = time.perf_counter() + seconds

    async def one() -> None:
        connection = Connection(port)
        while time.perf_counter() < end:
            reply = await ask(connection)
            if time.perf_counter() <= end:
                replies.append(reply)
        connection.close()

    await asyncio.gather(*(one() for _ in range(clients)))
    return replies


def percentile(values: list[float], share: float) -> float:
    """The smallest value that ``share`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile, in milliseconds."""
    return {"p50_ms": median(seconds) * 1e3, "p95_ms": percentile(seconds, 0.95) * 1e3, "n": len(seconds)}
