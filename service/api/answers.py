"""POST /api/v1/answers: as JSON, or step by step as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.responses import Response

from service.answer_flow import answer_events
from service.answers import Answer
from service.api.metrics import MeteredGenerator, MeteredRetriever
from service.api.problems import Problem, bug_body, problem_body, request_id
from service.api.schemas import AnswerRequest
from service.api.sse import MEDIA_TYPE, encoded, with_heartbeat
from service.api.state import ServiceState, service_state
from service.api.strict_json import StrictRoute
from service.errors import ServiceError
from service.events import AnswerEvent, ErrorEvent, Event, StepEvent

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/api/v1", tags=["answers"], route_class=StrictRoute)

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        400: "The body is not JSON",
        413: "The question is too long",
        415: "The body is of another type",
        422: "The request is not valid, or the model declined",
        429: "Too many questions at once",
        502: "The model's reply was cut at its length limit",
        503: "No index, or the model server is down or too slow",
    }.items()
}


@router.post(
    "/answers",
    response_model=Answer,
    responses={
        **_PROBLEMS,
        200: {
            "description": "The answer; or events `plan`, `step`, `token`, then `answer` or `error`",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        },
    },
    summary="Answer a question, with evidence for each step",
)
async def post_answer(
    asked: AnswerRequest, request: Request, state: Annotated[ServiceState, Depends(service_state)]
) -> Response:
    """Japanese or English, open or multiple choice. Every passage cited can be read at its `href`."""
    if asked.stream or MEDIA_TYPE in request.headers.get("accept", ""):
        return await _streamed(asked, request, state)
    work = asyncio.ensure_future(_finished(asked, state))
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():  # nobody is left to read the answer
            return Response(status_code=499)
        return JSONResponse((await work).model_dump(mode="json"))
    finally:
        for task in (work, gone):
            task.cancel()
        await asyncio.gather(work, gone, return_exceptions=True)


async def _finished(asked: AnswerRequest, state: ServiceState) -> Answer:
    async with aclosing(_events(asked, state)) as events:
        async for event in events:
            if isinstance(event, AnswerEvent):
                return event.answer
    raise AssertionError("a strategy that raises nothing ends with its answer")


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _streamed(asked: AnswerRequest, request: Request, state: ServiceState) -> Response:
    """Start the events, so that what fails before the first one still gets its status."""
    events = _events(asked, state)
    first = await anext(events)

    async def lines() -> AsyncGenerator[bytes, None]:
        async with aclosing(events):
            yield _line(first)
            try:
                async for event in events:
                    yield _line(event)
            except ServiceError as error:
                body = problem_body(request_id(request), error.status, error.code, error.ja, error.en)
                yield encoded(ErrorEvent.name, body)
            except Exception as error:
                log.error("bug", exc_type=type(error).__qualname__)
                yield encoded(ErrorEvent.name, bug_body(request))

    return StreamingResponse(
        with_heartbeat(lines()), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"}
    )


def _line(event: Event) -> bytes:
    """A step's and an answer's data are the step and the answer themselves."""
    match event:
        case AnswerEvent(answer=answer):
            return encoded(event.name, answer.model_dump(mode="json"))
        case StepEvent(step=step):
            return encoded(event.name, step.model_dump(mode="json"))
        case _:
            return encoded(event.name, event.model_dump(mode="json"))


async def _events(asked: AnswerRequest, state: ServiceState) -> AsyncGenerator[Event, None]:
    """One answer's events, on one index generation, counted."""
    settings, metrics = state.settings, state.metrics
    name = asked.strategy or settings.strategy.default
    question = asked.to_question()
    async with AsyncExitStack() as held:
        try:
            await held.enter_async_context(state.answering())
            retriever = held.enter_context(state.live.snapshot())
            events = answer_events(
                name,
                question,
                MeteredRetriever(retriever, metrics),
                MeteredGenerator(state.generator, metrics),
                asked.budget(settings.limits),
                on_model_failure=settings.generator.on_model_failure,
                degraded=state.live.state.degraded,
                filters=asked.filters,
                abstention=settings.abstention,
            )
            await held.enter_async_context(aclosing(events))
            async for event in events:
                if isinstance(event, AnswerEvent):
                    metrics.answered(name, event.answer)
                yield event
        except ServiceError as error:
            metrics.failed(name, error.code)
            raise
