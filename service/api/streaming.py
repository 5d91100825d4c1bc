"""An answer as server-sent events: named, numbered, ended by ``answer`` or ``error`` and by nothing else."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import structlog
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from service.api.asking import Asked, events_of
from service.api.disconnects import CLIENT_GONE, unless_gone
from service.api.problems import bug_body, problem_body, request_id
from service.api.running_answers import expired, number_of
from service.api.sse import MEDIA_TYPE, encoded, event_id, with_heartbeat
from service.api.state import ServiceState
from service.errors import ServiceError
from service.events import AnswerEvent, ErrorEvent, Event, StepEvent

log = structlog.get_logger(__name__)

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def streamed(asked: Asked, request: Request, state: ServiceState, *, resumable: bool) -> Response:
    """Start the events, so that what fails before the first one still gets its status.

    Args:
        resumable: Whether it goes on for a while without its reader, who may come back; otherwise it is
            stopped with the connection.
    """
    events = events_of(asked, state)
    first = await unless_gone(request, anext(events))  # it may be waiting for its turn
    if first is None:
        await events.aclose()
        return Response(status_code=CLIENT_GONE)
    lines = _lines(asked.answer_id, first, events, request)
    headers = dict(_HEADERS)
    if resumable:
        headers["Location"] = f"/api/v1/answers/{asked.answer_id}/events"
        lines = state.running.start(asked.answer_id, asked.owner, request_id(request), lines).read(0)
    return StreamingResponse(with_heartbeat(lines), media_type=MEDIA_TYPE, headers=headers)


def resumed(answer_id: str, owner: str | None, last_event_id: str | None, state: ServiceState) -> Response:
    """The rest of a stream, after ``last_event_id``; all of it where there is none.

    Raises:
        UnknownId: If there is no such stream of this owner.
        StreamExpired: If what was missed is gone, or the id is none of this stream's.
    """
    running = state.running.find(answer_id, owner)
    after = 0 if last_event_id is None else number_of(last_event_id, answer_id)
    if after is None or not running.holds(after):
        raise expired()
    return StreamingResponse(with_heartbeat(running.read(after)), media_type=MEDIA_TYPE, headers=_HEADERS)


async def _lines(
    answer_id: str, first: Event, events: AsyncGenerator[Event, None], request: Request
) -> AsyncGenerator[bytes, None]:
    number = 1
    async with aclosing(events):
        try:
            async for event in _from(first, events):
                yield _line(event, event_id(answer_id, number))
                number += 1
        except ServiceError as error:
            body = problem_body(request_id(request), error.status, error.code, error.ja, error.en)
            yield encoded(ErrorEvent.name, body, event_id(answer_id, number))
        except Exception as error:
            log.error("bug", exc_type=type(error).__qualname__)
            yield encoded(ErrorEvent.name, bug_body(request), event_id(answer_id, number))


async def _from(first: Event, rest: AsyncGenerator[Event, None]) -> AsyncIterator[Event]:
    yield first
    async for event in rest:
        yield event


def _line(event: Event, number: str) -> bytes:
    """A step's and an answer's data are the step and the answer themselves."""
    match event:
        case AnswerEvent(answer=answer):
            return encoded(event.name, answer.model_dump(mode="json"), number)
        case StepEvent(step=step):
            return encoded(event.name, step.model_dump(mode="json"), number)
        case _:
            return encoded(event.name, event.model_dump(mode="json"), number)
