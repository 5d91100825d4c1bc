"""A model server that is paced like a model and costs next to nothing: what a client adds shows.

    python -m benchmarks.perf.stub_model --port 8101

The first token after 200 ms, then 30 tokens a second on every stream, however many there are. A request with
a ``response_format`` gets a plan of one step; any other a sentence of ``--tokens`` tokens with a citation.
"""

import argparse
import asyncio
import contextlib
import json

MODEL = "paced"
FIRST_TOKEN_S = 0.2
TOKENS_PER_S = 30.0
PLAN = json.dumps({"steps": [{"sub_question": "原因", "query": "高カリウム血症 原因"}]}, ensure_ascii=False)


def chunk(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    value = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": MODEL, "choices": choices}
    return f"data: {json.dumps(value)}\n\n".encode()


class Stub:
    """One server; every reply has the same pieces, so they are encoded once."""

    def __init__(self, tokens: int) -> None:
        self.reply = [chunk({"content": "カリ"}) for _ in range(tokens - 1)] + [chunk({"content": "。[E1]"})]
        self.plan = [chunk({"content": PLAN[at : at + 8]}) for at in range(0, len(PLAN), 8)]
        usage = {"prompt_tokens": 900, "completion_tokens": tokens, "total_tokens": 900 + tokens}
        last = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": MODEL}
        self.end = (
            chunk({}, "stop")
            + f"data: {json.dumps({**last, 'choices': [], 'usage': usage})}\n\n".encode()
            + b"data: [DONE]\n\n"
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                body = await reader.readexactly(length)
                if head.startswith(b"get"):
                    models = json.dumps({"object": "list", "data": [{"id": MODEL}]}).encode()
                    fields = f"Content-Type: application/json\r\nContent-Length: {len(models)}\r\n\r\n"
                    writer.write(b"HTTP/1.1 200 OK\r\n" + fields.encode() + models)
                else:
                    await self._chat(writer, self.plan if b"response_format" in body else self.reply)
        writer.close()

    async def _chat(self, writer: asyncio.StreamWriter, pieces: list[bytes]) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + FIRST_TOKEN_S
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for piece in pieces:
            await asyncio.sleep(due - loop.time())
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            due += 1 / TOKENS_PER_S
        writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(self.end), self.end))
        await writer.drain()


async def run(port: int, tokens: int) -> None:
    stub = Stub(tokens)
    server = await asyncio.start_server(stub.serve, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tokens", type=int, default=60)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.port, arguments.tokens))


if __name__ == "__main__":
    main()
