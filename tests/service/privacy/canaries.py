"""Thousands of requests that each carry a mark; run as a process of its own, so that all it writes is caught.

    python -m tests.service.privacy.canaries INDEX STATE REQUESTS OUT

Standard error is the service's log at its most talkative. ``OUT`` gets every error body and the metrics page.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from service.api.app import create_app
from service.generators import Completion, Delta, Limits
from service.logs import configure_logs
from service.prompts import Prompt
from tests.service.running import closed_port
from tests.service.security.conftest import settings

MARK = "QANARYカナリア{number:06d}"
JSON = {"Content-Type": "application/json"}
Ask = Callable[[httpx.AsyncClient, str], Awaitable[httpx.Response]]


class Broken:
    """A generator with a bug whose message holds all that it was asked."""

    context_tokens = None

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        raise RuntimeError(json.dumps(prompt.messages(), ensure_ascii=False))

    async def stream(self, prompt: Prompt, *, limits: Limits) -> Any:
        for message in prompt.messages():
            raise RuntimeError(json.dumps(message, ensure_ascii=False))
        yield Delta()

    async def problem(self) -> str | None:
        return None

    async def close(self) -> None:
        pass


def answers(**fields: Any) -> Ask:
    """A question with the mark in it, or in each of ``fields`` that is a function of it."""

    async def ask(client: httpx.AsyncClient, mark: str) -> httpx.Response:
        asked = {"question": f"{mark}の治療は？", "strategy": "closed_book"}
        changed = {name: value(mark) if callable(value) else value for name, value in fields.items()}
        return await client.post("/api/v1/answers", json=asked | changed)

    return ask


def body(path: str, make: Callable[[str], str]) -> Ask:
    return lambda client, mark: client.post(path, content=make(mark).encode(), headers=JSON)


def get(path: str) -> Ask:
    return lambda client, mark: client.get(path.format(mark=mark))


def header(name: str) -> Ask:
    return lambda client, mark: client.get(
        "/api/v1/search", params={"q": "a", "mode": "lexical"}, headers={name.encode(): mark.encode()}
    )


WAYS: list[Ask] = [
    answers(),
    answers(stream=True),
    answers(strategy=lambda mark: mark),
    answers(k=lambda mark: mark),
    answers(choices=lambda mark: {"A": mark, "B": "b"}),
    answers(choices=lambda mark: {mark: mark}),
    answers(filters=lambda mark: {"tags": [mark]}),
    answers(filters=lambda mark: {mark: mark}),
    answers(question=lambda mark: mark * 2_000),
    answers(question=lambda mark: [mark]),
    body("/api/v1/answers", lambda mark: f'{{"question": "{mark}'),
    body("/api/v1/answers", lambda mark: f'{{"{mark}": 1, "{mark}": 2}}'),
    body("/api/v1/answers", lambda mark: f'{{"question": "q", "{mark}": "{mark}"}}'),
    body("/api/v1/answers", lambda mark: f'"{mark}"'),
    body("/v1/chat/completions", lambda mark: json.dumps({"model": mark, "messages": [{"content": mark}]})),
    body(
        "/v1/chat/completions",
        lambda mark: json.dumps({"model": "closed_book", "messages": [{"role": "user", "content": mark}]}),
    ),
    body("/mcp", lambda mark: json.dumps({"jsonrpc": "2.0", "id": 1, "method": mark, "params": {"q": mark}})),
    body("/api/v1/conversations", lambda mark: json.dumps({"title": mark})),
    get("/api/v1/search?mode=lexical&q={mark}"),
    get("/api/v1/search?q={mark}&k={mark}&mode={mark}"),
    get("/api/v1/search?{mark}={mark}"),
    get("/api/v1/passages/{mark}"),
    get("/api/v1/documents/{mark}"),
    get("/api/v1/answers/{mark}"),
    get("/{mark}?{mark}"),
    header("User-Agent"),
    header("Authorization"),
    header("Referer"),
]


async def run(app: FastAPI, ways: list[Ask], numbers: range, out: Path) -> Counter[int]:
    """Ask, and add every error body and then the metrics to ``out``."""
    statuses: Counter[int] = Counter()
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            with out.open("a", encoding="utf-8") as file:
                for number in numbers:
                    reply = await ways[number % len(ways)](client, MARK.format(number=number))
                    statuses[reply.status_code] += 1
                    error = 0 if reply.status_code >= 400 else reply.text.find("event: error")
                    if error >= 0:  # what a stream told before is the caller's own answer
                        file.write(reply.text[error:] + "\n")
                    file.write(json.dumps(dict(reply.headers)) + "\n")
                file.write((await client.get("/metrics")).text)
    return statuses


def main() -> None:
    index, state, count, out = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    configure_logs("debug")
    asking = [answers(strategy="single"), answers(strategy="single", stream=True)]
    down = {"base_url": f"http://127.0.0.1:{closed_port()}/v1", "model": "m"}
    few = count // 100
    parts = [
        (create_app(settings(index, state / "a")), WAYS, range(count - 2 * few)),
        (
            create_app(settings(index, state / "b"), generator=Broken()),
            asking,
            range(count - 2 * few, count - few),
        ),
        (create_app(settings(index, state / "c", generator=down)), asking, range(count - few, count)),
    ]
    told = []
    for app, ways, numbers in parts:
        told.append(asyncio.run(run(app, ways, numbers, out)))
    sys.stdout.write(json.dumps({"statuses": [dict(statuses) for statuses in told]}) + "\n")


if __name__ == "__main__":
    main()
