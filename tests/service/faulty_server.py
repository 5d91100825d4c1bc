"""A model server on bare sockets, for the faults that no web framework would let through.

`tests.service.model_server` speaks proper HTTP; this one writes bytes, so that it can stop anywhere.
"""

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.service.model_server import MODEL

PLAN = json.dumps(
    {"steps": [{"sub_question": "緊急度", "query": "高カリウム血症 緊急度"}]}, ensure_ascii=False
)
TEXT = "12誘導心電図と血清カリウム値から緊急度を評価する。[E1]"
FOREVER_S = 3600.0


@dataclass
class Exchange:
    """One call being answered: what it asked for, and ways to answer a part of it."""

    writer: asyncio.StreamWriter
    text: str
    released: threading.Event = field(default_factory=threading.Event)

    async def head(self, status: str = "200 OK", *fields: str, kind: str = "text/event-stream") -> None:
        await self.raw(
            "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close", *fields, "", ""])
        )

    async def raw(self, text: str | bytes) -> None:
        self.writer.write(text if isinstance(text, bytes) else text.encode())
        await self.writer.drain()

    async def event(self, value: Any) -> None:
        await self.raw(f"data: {json.dumps(value)}\n\n")

    async def piece(self, text: str, **fields: Any) -> None:
        await self.event(chunk({"content": text}, **fields))

    async def pieces(self, most: int | None = None, **fields: Any) -> None:
        for start in range(0, len(self.text), 4)[:most]:
            await self.piece(self.text[start : start + 4], **fields)

    async def stop(self, reason: str | None = "stop") -> None:
        await self.event(chunk({}, reason))
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        await self.event({**chunk({}), "choices": [], "usage": usage})
        await self.raw("data: [DONE]\n\n")

    async def refuse(self, status: str, message: str = "secret words of the server", *fields: str) -> None:
        await self.head(status, *fields, kind="application/json")
        await self.raw(json.dumps({"error": {"message": message, "code": int(status[:3])}}))


def chunk(delta: dict[str, Any], finish_reason: str | None = None, **fields: Any) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": MODEL,
        "choices": choices,
        **fields,
    }


Fault = Callable[[Exchange], Awaitable[None]]
FAULTS: dict[str, Fault] = {}


def fault(function: Fault) -> Fault:
    FAULTS[function.__name__] = function
    return function


@fault
async def good(x: Exchange) -> None:
    await x.head()
    await x.pieces()
    await x.stop()


@fault
async def held(x: Exchange) -> None:
    """Good, as soon as the test lets it."""
    while not x.released.is_set():  # noqa: ASYNC110  (the test is another thread)
        await asyncio.sleep(0.01)
    await good(x)


@fault
async def flood(x: Exchange) -> None:
    """More than any buffer takes; well formed, and whole if it is read."""
    await x.head()
    for _ in range(4_000):
        await x.piece("あ" * 4_000)
    await x.stop()


@fault
async def no_reply(x: Exchange) -> None:
    await asyncio.sleep(FOREVER_S)


@fault
async def slow_first_token(x: Exchange) -> None:
    await x.head()
    await asyncio.sleep(FOREVER_S)


@fault
async def stalled(x: Exchange) -> None:
    await x.head()
    await x.pieces(2)
    await asyncio.sleep(FOREVER_S)


@fault
async def trickling(x: Exchange) -> None:
    await x.head()
    while True:
        await x.piece("あ")
        await asyncio.sleep(0.05)


@fault
async def endless(x: Exchange) -> None:
    await x.head()
    while True:
        await x.piece("あ")


@fault
async def endless_nothing(x: Exchange) -> None:
    await x.head()
    while True:
        await x.piece("")


@fault
async def oversized_chunk(x: Exchange) -> None:
    await x.head()
    await x.raw('data: {"choices": [{"index": 0, "delta": {"content": "')
    for _ in range(64):
        await x.raw("a" * 2**16)
    await x.raw('"}, "finish_reason": "stop"}]}\n\n')


@fault
async def http_500(x: Exchange) -> None:
    await x.refuse("500 Internal Server Error")


@fault
async def http_502(x: Exchange) -> None:
    await x.head("502 Bad Gateway", kind="text/html")
    await x.raw("<html>secret words of the proxy</html>")


@fault
async def http_503(x: Exchange) -> None:
    await x.refuse("503 Service Unavailable")


@fault
async def http_429(x: Exchange) -> None:
    await x.refuse("429 Too Many Requests", "slow down", "Retry-After: 7")


@fault
async def http_401(x: Exchange) -> None:
    await x.refuse("401 Unauthorized")


@fault
async def wrong_model(x: Exchange) -> None:
    await x.refuse("404 Not Found", "The model `x` does not exist.")


@fault
async def context_overflow(x: Exchange) -> None:
    await x.refuse("400 Bad Request", "This model's maximum context length is 4096 tokens.")


@fault
async def too_large(x: Exchange) -> None:
    await x.refuse("413 Content Too Large")


@fault
async def redirect(x: Exchange) -> None:
    await x.head("307 Temporary Redirect", "Location: http://127.0.0.1:9/v1/chat/completions")


@fault
async def html(x: Exchange) -> None:
    await x.head(kind="text/html")
    await x.raw("<html>login</html>")


@fault
async def not_streamed(x: Exchange) -> None:
    await x.head(kind="application/json")
    message = {"role": "assistant", "content": x.text}
    await x.raw(json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}))


@fault
async def wrong_content_type(x: Exchange) -> None:
    await x.head(kind="text/plain")
    await x.pieces()
    await x.stop()


@fault
async def not_http(x: Exchange) -> None:
    await x.raw("220 mail.example ESMTP\r\n")


@fault
async def empty_body(x: Exchange) -> None:
    await x.head()


@fault
async def done_at_once(x: Exchange) -> None:
    await x.head()
    await x.raw("data: [DONE]\n\n")


@fault
async def malformed_json(x: Exchange) -> None:
    await x.head()
    await x.pieces(2)
    await x.raw('data: {"choices": [{"del\n\n')


@fault
async def half_a_stream(x: Exchange) -> None:
    await x.head()
    await x.pieces(4)


@fault
async def no_finish_reason(x: Exchange) -> None:
    await x.head()
    await x.pieces()
    await x.raw("data: [DONE]\n\n")


@fault
async def cut_chunked(x: Exchange) -> None:
    await x.head("200 OK", "Transfer-Encoding: chunked")
    body = f"data: {json.dumps(chunk({'content': x.text}))}\n\n".encode()
    await x.raw(f"{len(body):x}\r\n".encode() + body + b"\r\n" + b"400\r\ndata: {")


@fault
async def cut_short_of_its_length(x: Exchange) -> None:
    await x.head("200 OK", "Content-Length: 100000")
    await x.pieces()


@fault
async def reset(x: Exchange) -> None:
    await x.head()
    await x.pieces(3)
    await asyncio.sleep(0.02)
    raw: socket.socket = x.writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    x.writer.transport.abort()


@fault
async def error_event(x: Exchange) -> None:
    await x.head()
    await x.pieces(2)
    await x.event({"error": {"message": "secret: CUDA out of memory", "code": 500}})


@fault
async def length(x: Exchange) -> None:
    await x.head()
    await x.pieces(4)
    await x.stop("length")


@fault
async def content_filter(x: Exchange) -> None:
    await x.head()
    await x.pieces(4)
    await x.stop("content_filter")


@fault
async def refusal(x: Exchange) -> None:
    await x.head()
    await x.event(chunk({"refusal": "お答えできません。"}))
    await x.stop()


@fault
async def tool_calls(x: Exchange) -> None:
    await x.head()
    await x.pieces(2)
    await x.stop("tool_calls")


@fault
async def empty_choices(x: Exchange) -> None:
    await x.head()
    for _ in range(3):
        await x.event({**chunk({}), "choices": []})
    await x.raw("data: [DONE]\n\n")


@fault
async def null_delta(x: Exchange) -> None:
    await x.head()
    await x.event({**chunk({}), "choices": [{"index": 0, "delta": None, "finish_reason": None}]})
    await x.pieces()
    await x.stop()


@fault
async def content_is_a_number(x: Exchange) -> None:
    await x.head()
    await x.event(chunk({"content": 5}))
    await x.stop()


@fault
async def more_after_the_end(x: Exchange) -> None:
    await x.head()
    await x.pieces()
    await x.event(chunk({}, "stop"))
    await x.piece("付け足し。")
    await x.raw("data: [DONE]\n\n")


@fault
async def foreign_fields(x: Exchange) -> None:
    await x.head()
    await x.event({**chunk({"role": "assistant", "content": ""}), "choices_extra": [1], "prompt": None})
    await x.pieces(service_tier="odd", system_fingerprint=None, answer={"text": "別の回答"})
    await x.stop()


@fault
async def doubled_fields(x: Exchange) -> None:
    await x.head()
    whole = json.dumps(chunk({"content": x.text}))
    await x.raw(f'data: {{"choices": [{{"index": 0, "delta": {{"content": "x"}}}}], {whole[1:]}\n\n')
    await x.stop()


@fault
async def second_choice(x: Exchange) -> None:
    await x.head()
    for start in range(0, len(x.text), 4):
        await x.piece(x.text[start : start + 4])
        other = {"index": 1, "delta": {"content": "別"}, "finish_reason": None}
        await x.event({**chunk({}), "choices": [other]})
    await x.stop()


@fault
async def split_anywhere(x: Exchange) -> None:
    """Comments, CRLF, and writes that end inside a character."""
    await x.head()
    for start in range(0, len(x.text), 4):
        value = json.dumps(chunk({"content": x.text[start : start + 4]}), ensure_ascii=False)
        raw = f": ping\r\n\r\ndata: {value}\r\n\r\n".encode()
        for at in range(0, len(raw), 97):
            await x.raw(raw[at : at + 97])
            await asyncio.sleep(0)
    await x.stop()


@fault
async def other_name(x: Exchange) -> None:
    await x.head()
    await x.pieces(model="test-model-2026-11")
    await x.stop()


@dataclass
class FaultyServer:
    """Set ``mode``; read ``calls``.

    Attributes:
        from_call: The fault begins with this chat call (from 1) and stays; earlier ones are answered well.
        calls: The chat requests' bodies, in order.
        given_up: Calls whose connection the caller closed before they were answered.
        answering: Calls that are being answered now.
    """

    mode: str = "good"
    from_call: int = 1
    calls: list[dict[str, Any]] = field(default_factory=list)
    given_up: int = 0
    answering: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    listings: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lengths = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
            body = await reader.readexactly(int(lengths[0].split(":")[1])) if lengths else b""
            if head.startswith("GET "):
                self.listings += 1
                exchange = Exchange(writer, "")
                await exchange.head(kind="application/json")
                await exchange.raw(json.dumps({"object": "list", "data": [{"id": MODEL, "object": "model"}]}))
            else:
                await self._chat(json.loads(body), reader, writer)
        with contextlib.suppress(ConnectionError):
            writer.close()

    async def _chat(
        self, body: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.calls.append(body)
        self.answering += 1
        faulty = len(self.calls) >= self.from_call
        exchange = Exchange(writer, PLAN if "response_format" in body else TEXT, self.released)
        work = asyncio.ensure_future(FAULTS[self.mode if faulty else "good"](exchange))
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if work.done() and not isinstance(work.exception(), ConnectionError):
                await work
            else:
                self.given_up += 1
        finally:
            self.answering -= 1
            work.cancel()
            gone.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)


@contextlib.contextmanager
def running(server: FaultyServer) -> Iterator[str]:
    """Yield its address, ending in ``/v1``."""
    loop = asyncio.new_event_loop()
    ready: list[asyncio.Server] = []
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> int:
        ready.append(await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=1024))
        return int(ready[0].sockets[0].getsockname()[1])

    async def end() -> None:
        ready[0].close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    try:
        yield f"http://127.0.0.1:{asyncio.run_coroutine_threadsafe(begin(), loop).result(30)}/v1"
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)


@contextlib.contextmanager
def hanging_port() -> Iterator[int]:
    """A port whose queue of connections is full: the next one waits for an answer that never comes."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])
