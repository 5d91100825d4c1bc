"""``/v1/chat/completions`` and ``/v1/models``."""

import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from service.api.asking import AnswerView, Asked, events_of, finished
from service.api.compatible.errors import CompatibleError, UnknownModel, error_body
from service.api.compatible.reading import MODELS, ReadChat, read_chat
from service.api.compatible.schemas import (
    ChatChoice,
    ChatCompletion,
    ChatEvidence,
    ChatReplyMessage,
    ChatRequest,
    ChatUsage,
    ModelCard,
    ModelList,
    NumberedCitation,
)
from service.api.compatible.text import Renderer
from service.api.disconnects import CLIENT_GONE, unless_gone
from service.api.idempotency import WriteRoute
from service.api.problems import bug_body, request_id
from service.api.sse import MEDIA_TYPE, with_heartbeat
from service.api.state import ServiceState, service_state
from service.errors import GeneratorUnavailable, ServiceError
from service.events import AnswerEvent, Event, QuestionEvent, TokenEvent
from service.security.principals import Principal, signed_in

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"], route_class=WriteRoute)

State = Annotated[ServiceState, Depends(service_state)]
Caller = Annotated[Principal, Depends(signed_in)]

_MADE = 1_764_000_000
"""``created`` of every model id: a fixed moment, since strategies are not made at run time."""

_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": CompatibleError, "description": description}
    for status, description in {
        400: "The body is not JSON, or asks for something that is not done here",
        404: "No such model",
        408: "The body did not arrive in time",
        413: "The question is too long",
        415: "The body is of another type",
        422: "The model declined",
        429: "Too many questions at once",
        502: "The model's reply was cut at its length limit",
        503: "No index, or the model server is down or too slow",
    }.items()
}


@router.get("/models", summary="The served strategies, as models")
async def models() -> ModelList:
    """``jmedqa`` is the server's default strategy; the others name theirs."""
    return ModelList(data=[ModelCard(id=name, created=_MADE) for name in MODELS])


@router.get("/models/{model:path}", responses={404: {"model": CompatibleError}}, summary="One model id")
async def model(model: str) -> ModelCard:
    """404 where it is not served."""
    if model not in MODELS:
        raise UnknownModel("このモデルはありません。", "There is no such model.", param="model")
    return ModelCard(id=model, created=_MADE)


@router.post(
    "/chat/completions",
    response_model=ChatCompletion,
    responses={
        **_ERRORS,
        200: {
            "description": "The reply; or with `stream` chunks, then `[DONE]` or an error",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        },
    },
    summary="Answer the last message of a chat",
)
async def chat_completions(chat: ChatRequest, request: Request, caller: Caller, state: State) -> Response:
    """System messages are not obeyed; earlier turns are the context of the question."""
    read = read_chat(chat)
    asked = Asked(
        request=read.asked, owner=caller.owner, turns=read.earlier, in_conversation=bool(read.earlier)
    )
    reply = _Reply(chat, read, asked, str(request.base_url))
    if chat.stream:
        return await _streamed(reply, request, state)
    answer = await unless_gone(request, finished(asked, state))
    if answer is None:
        return Response(status_code=CLIENT_GONE)
    return JSONResponse(reply.completion(answer).model_dump(mode="json"))


class _Reply:
    """One reply in the making: what its completion or its chunks have in common."""

    def __init__(self, chat: ChatRequest, read: ReadChat, asked: Asked, base_url: str) -> None:
        self.asked = asked
        self.renderer = Renderer(read.asked.to_question(), base_url)
        self.include_usage = chat.stream_options is not None and chat.stream_options.include_usage
        self._read = read
        self._base_url = base_url
        self._model = chat.model
        self._created = int(time.time())

    def understood(self, rewritten: str | None) -> None:
        """The question that is answered, where that is not the one asked."""
        if rewritten is not None:
            question = self._read.asked.to_question().model_copy(update={"text": rewritten})
            self.renderer = Renderer(question, self._base_url)

    def completion(self, answer: AnswerView) -> ChatCompletion:
        """The reply as one object."""
        self.understood(answer.rewritten)
        content = self.renderer.whole(answer)
        return ChatCompletion(
            id=f"chatcmpl-{self.asked.answer_id}",
            created=self._created,
            model=self._model,
            choices=[ChatChoice(message=ChatReplyMessage(content=content))],
            usage=ChatUsage.of(answer.usage),
            jmedqa=self.evidence(answer),
        )

    def evidence(self, answer: AnswerView) -> ChatEvidence:
        """The extension."""
        return ChatEvidence(
            answer_id=answer.id,
            strategy=answer.provenance.strategy,
            asked=answer.asked,
            rewritten=answer.rewritten,
            choice=answer.choice,
            abstained=answer.abstained,
            reason=answer.reason,
            claims=list(answer.claims),
            citations=[
                NumberedCitation(**dict(citation), number=self.renderer.numbers.get(citation.key))
                for citation in answer.citations
            ],
            answer_text=answer.text,
            verified_share=answer.verified_share,
            notices=list(answer.notices),
            usage=answer.usage,
            provenance=answer.provenance,
            left_aside=list(self._read.left_aside),
        )

    def chunk(self, delta: dict[str, Any] | None, *, finish_reason: str | None = None, **more: Any) -> bytes:
        """One chunk; without a delta it has no choice, as the one that tells the usage."""
        choices = (
            []
            if delta is None
            else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}]
        )
        usage = {"usage": None} if self.include_usage else {}
        return _data(
            {
                "id": f"chatcmpl-{self.asked.answer_id}",
                "object": "chat.completion.chunk",
                "created": self._created,
                "model": self._model,
                "choices": choices,
                **usage,
                **more,
            }
        )

    def content(self, text: str) -> list[bytes]:
        """A chunk of text; none for no text."""
        return [self.chunk({"content": text})] if text else []

    def end(self, answer: AnswerView) -> list[bytes]:
        """The last chunks.

        Raises:
            GeneratorUnavailable: If what was streamed is no part of the answer: a model that failed in its
                middle left evidence alone, and a text once sent cannot be taken back.
        """
        if self.renderer.fed not in ("", answer.text):
            raise GeneratorUnavailable(
                "回答の途中で言語モデルが使えなくなりました。ここまでの文は回答ではありません。",
                "The model failed in the middle: what was sent so far is no answer.",
            )
        unsaid = "" if self.renderer.fed else self.renderer.piece(answer.text)
        text = unsaid + self.renderer.end(answer)
        evidence = self.evidence(answer).model_dump(mode="json")
        chunks = [*self.content(text), self.chunk({}, finish_reason="stop", jmedqa=evidence)]
        if self.include_usage:
            chunks.append(self.chunk(None, usage=ChatUsage.of(answer.usage).model_dump()))
        return [*chunks, b"data: [DONE]\n\n"]


async def _streamed(reply: _Reply, request: Request, state: ServiceState) -> Response:
    """Start the events, so that what fails before the first one still gets its status."""
    events = events_of(reply.asked, state)
    first = await unless_gone(request, anext(events))  # it may be waiting for its turn
    if first is None:
        await events.aclose()
        return Response(status_code=CLIENT_GONE)
    if isinstance(first, QuestionEvent):
        reply.understood(first.rewritten)

    async def lines() -> AsyncGenerator[bytes, None]:
        async with aclosing(events):
            yield reply.chunk({"role": "assistant", "content": "", "refusal": None})
            try:
                for line in [*reply.content(reply.renderer.opening()), *_said(first, reply)]:
                    yield line
                async for event in events:
                    for line in _said(event, reply):
                        yield line
            except ServiceError as error:
                body = error_body(request_id(request), error.status, error.code, error.ja, error.en)
                yield _data(body)
            except Exception as error:
                log.error("bug", exc_type=type(error).__qualname__)
                body = bug_body(request)
                yield _data(error_body(request_id(request), 500, "internal-error", body["ja"], body["en"]))

    return StreamingResponse(
        with_heartbeat(lines()), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"}
    )


def _said(event: Event, reply: _Reply) -> list[bytes]:
    match event:
        case TokenEvent(text=text):
            return reply.content(reply.renderer.piece(text))
        case AnswerEvent(answer=AnswerView() as answer):
            return reply.end(answer)
        case _:
            return []


def _data(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()
