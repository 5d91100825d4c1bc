"""An OpenAI-compatible server that misbehaves on demand, in the ways real ones have been seen to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

MODEL = "test-model"


@dataclass
class ModelServer:
    """Set ``mode`` and ``reply``; read ``requests``.

    Attributes:
        reply: The text for a request body.
        top: The most likely tokens for a request body that asks for logprobs.
        fail_first: So many calls are answered as ``mode`` says, later ones well.
        requests: The chat requests' bodies, in order.
        left: How many replies their client did not wait for.
    """

    mode: str = "good"
    reply: Callable[[dict[str, Any]], str] = field(default=lambda body: "カルシウムを静注する。[E1]")
    top: Callable[[dict[str, Any]], list[tuple[str, float]]] = field(default=lambda body: [])
    fail_first: int = 10**9
    delay_s: float = 30.0
    context: int | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    left: int = 0

    def app(self) -> Starlette:
        """The ASGI application."""
        chat = Route("/v1/chat/completions", self._chat, methods=["POST"])
        return Starlette(routes=[chat, Route("/v1/models", self._models)])

    async def _models(self, request: Request) -> Response:
        if self.mode == "html":
            return HTMLResponse("<html>login</html>")
        if self.mode == "slow":
            await asyncio.sleep(self.delay_s)
        listed = {"id": MODEL, "object": "model"} | ({"max_model_len": self.context} if self.context else {})
        data = [] if self.mode == "no_models" else [listed]
        return JSONResponse({"object": "list", "data": data})

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        mode = self.mode if len(self.requests) <= self.fail_first else "good"
        if body["model"] != MODEL:
            return _error(404, f"The model `{body['model']}` does not exist.")
        match mode:
            case "429" | "500" | "503" | "401":
                headers = {"Retry-After": "0"} if mode in ("429", "503") else None
                return _error(int(mode), "secret words of the server", headers)
            case "400":
                return _error(400, "This model's maximum context length is 4096 tokens.")
            case "no_schema" | "no_binding" if "response_format" in body:
                return _error(400, "response_format is not supported")
            case "no_binding" if "structured_outputs" in body:
                return _error(400, "structured_outputs is not supported")
            case "html":
                return HTMLResponse("<html>login</html>")
            case "not_streamed":
                message = {"role": "assistant", "content": "全文。"}
                return JSONResponse({"choices": [{"message": message, "finish_reason": "stop"}]})
        if body.get("logprobs"):
            return JSONResponse(_one_token(self.top(body)))
        return StreamingResponse(self._watched(mode, self.reply(body)), media_type="text/event-stream")

    async def _watched(self, mode: str, text: str) -> AsyncIterator[str]:
        try:
            async for chunk in self._stream(mode, text):
                yield chunk
        except (asyncio.CancelledError, GeneratorExit):
            self.left += 1
            raise

    async def _stream(self, mode: str, text: str) -> AsyncIterator[str]:
        if mode == "slow":
            await asyncio.sleep(self.delay_s)
        pieces = [text[start : start + 4] for start in range(0, len(text), 4)]
        if mode == "refusal":
            yield _chunk({"refusal": "お答えできません。"})
            pieces = []
        if mode == "reasoning":
            yield _chunk({"reasoning": "考え"})
        if mode == "reasoning_content":
            yield _chunk({"reasoning_content": "考え"})
        if mode == "think":
            pieces = ["<th", "ink>考え</thi", "nk>", *pieces]
        if mode == "unclosed_think":
            pieces = ["<think>", *pieces]
        if mode == "unopened_think":
            pieces = ["考え</think>", *pieces]
        if mode == "surrogate":
            pieces = ["前\ud800後", *pieces]
        if mode in ("empty", "empty_choices"):
            pieces = []
        for number, piece in enumerate(pieces):
            if mode == "malformed" and number == 1:
                yield 'data: {"choices": [{"del\n\n'
                return
            if mode == "wrong_shape" and number == 1:
                yield 'data: ["no", "chunk"]\n\n'
            if mode == "error_event" and number == 1:
                yield 'data: {"error": {"message": "CUDA out of memory", "code": 500}}\n\n'
            if mode == "cut" and number == 1:
                raise ConnectionResetError("the server breaks off in the middle")
            if mode == "stalled" and number == 1:
                await asyncio.sleep(self.delay_s)
            yield _chunk({"content": piece})
        ends = {"length": "length", "content_filter": "content_filter"}
        if mode not in ("no_finish_reason", "empty_choices"):
            yield _chunk({}, ends.get(mode, "stop"))
        yield _data(
            {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}}
        )
        yield "data: [DONE]\n\n"


def _one_token(top: list[tuple[str, float]]) -> dict[str, Any]:
    listed = [{"token": token, "logprob": value, "bytes": None} for token, value in top]
    first = listed[0] if listed else {"token": "", "logprob": -9.0, "bytes": None}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": first["token"]},
        "finish_reason": "length",
        "logprobs": {"content": [{**first, "top_logprobs": listed}]},
    }
    usage = {"prompt_tokens": 11, "completion_tokens": 1, "total_tokens": 12}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [choice],
        "usage": usage,
    }


def _chunk(delta: dict[str, Any], finish_reason: str | None = None) -> str:
    return _data({"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})


def _data(value: dict[str, Any]) -> str:
    whole = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": MODEL, **value}
    return f"data: {json.dumps(whole)}\n\n"


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "code": status}}, status, headers)
