"""The page that asks: the answer step by step as server-sent HTML, or whole where scripts are off."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, cast, get_args

import structlog
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from starlette.responses import Response

from service.api.asking import AnswerView, Asked, events_of, finished
from service.api.disconnects import CLIENT_GONE, unless_gone
from service.api.problems import request_id
from service.api.sse import MEDIA_TYPE, encoded, with_heartbeat
from service.api.state import ServiceState, service_state
from service.errors import BadRequest, ServiceError
from service.events import AnswerEvent, ErrorEvent, Event, PlanEvent, QuestionEvent, StepEvent, TokenEvent
from service.pages.answer_view import view, with_references
from service.pages.ask_form import AskForm
from service.pages.bodies import FormRoute
from service.pages.following import asked_after, earlier_turns
from service.pages.site import is_part, page, problem_page, rendered, texts
from service.questions import Question
from service.security.principals import Principal, signed_in
from service.state.feedback import Verdict
from service.strategies import STRATEGIES

log = structlog.get_logger(__name__)

router = APIRouter(include_in_schema=False, route_class=FormRoute)

State = Annotated[ServiceState, Depends(service_state)]
Caller = Annotated[Principal, Depends(signed_in)]

BROKEN = ServiceError(
    "内部エラーが起きました。要求の番号を添えてお知らせください。",
    "Something is broken here. Please report it with the request id.",
)
_VERDICTS = get_args(Verdict)


@router.get("/")
async def ask_page(request: Request, state: State, q: str = "") -> Response:
    """The empty form."""
    return page(request, "ask.html", form=AskForm(question=q[:4_000]), **_about(state))


@router.post("/ask")
async def ask(request: Request, state: State, caller: Caller, form: Annotated[AskForm, Form()]) -> Response:
    """The answer: as events of HTML parts where the script asks for them, else as a page."""
    streaming = MEDIA_TYPE in request.headers.get("accept", "")
    try:
        asked = await asked_after(form, caller, state)
        if streaming:
            return await _streamed(asked, request, state)
        answer = await unless_gone(request, finished(asked, state))
    except ServiceError as error:
        if streaming:
            part = _problem(request, error)
            return HTMLResponse(part, error.status, {"Cache-Control": "no-store"})
        return problem_page(request, error)
    if answer is None:
        return Response(status_code=CLIENT_GONE)
    if answer.id is None:  # answers are not kept here, or could not be this time: there is no address for it
        return _answer_page(request, state, form, answer, asked.request.to_question())
    return RedirectResponse(f"/answers/{answer.id}", 303)


@router.get("/answers/{answer_id}")
async def stored_answer(request: Request, state: State, caller: Caller, answer_id: str) -> Response:
    """An answer that was given before, as it was given."""
    stored = await state.store.answers.get(answer_id, caller.sees)
    answer = AnswerView.model_validate(stored.answer)
    question = Question.model_validate(stored.question)
    form = AskForm(
        question=answer.asked, choices="\n".join(f"{one.label} {one.text}" for one in question.choices)
    )
    earlier = await earlier_turns(answer, caller, state)
    return _answer_page(request, state, form, answer, question, earlier=earlier)


def _answer_page(
    request: Request,
    state: ServiceState,
    form: AskForm,
    answer: AnswerView,
    question: Question,
    **values: Any,
) -> Response:
    shown = _parts(request, answer, question)
    return page(request, "answer.html", form=form, **{"earlier": ()} | values, **shown, **_about(state))


@router.post("/answers/{answer_id}/feedback")
async def feedback(
    request: Request,
    state: State,
    caller: Caller,
    answer_id: str,
    verdict: Annotated[str, Form()] = "",
    comment: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """What a reader thinks of an answer."""
    if verdict not in _VERDICTS:
        raise BadRequest("評価を一つ選んでください。", "Choose one of the verdicts.")
    await state.store.answers.get(answer_id, caller.sees)  # nobody remarks on what they may not see
    await state.store.feedback.add(answer_id, caller.owner, cast("Verdict", verdict), comment=comment)
    return page(request, "_thanks.html" if is_part(request) else "thanks.html")


def _about(state: ServiceState) -> dict[str, Any]:
    live = state.live.state
    return {
        "strategies": list(STRATEGIES),
        "default_strategy": state.settings.strategy.default,
        "generation": live.generation,
        "degraded": live.degraded,
    }


def _parts(request: Request, answer: AnswerView, question: Question) -> dict[str, Any]:
    side = texts(request).lang
    said = [notice.ja if side == "ja" else notice.en for notice in answer.notices]
    chosen = next((one for one in question.choices if one.label == answer.choice), None)
    return {
        "answer": answer,
        "view": view(answer),
        "answer_id": answer.id,
        "chosen": chosen,
        "copied": with_references(answer, said),
    }


async def _streamed(asked: Asked, request: Request, state: ServiceState) -> Response:
    """Start the events, so that what fails before the first one still gets its status.

    They end with the connection: stopping in the browser stops the model.
    """
    events = events_of(asked, state)
    first = await unless_gone(request, anext(events))  # it may be waiting for its turn
    if first is None:
        await events.aclose()
        return Response(status_code=CLIENT_GONE)
    question = asked.request.to_question()

    async def lines() -> AsyncGenerator[bytes, None]:
        async with aclosing(events):
            try:
                yield _line(first, question, request)
                async for event in events:
                    yield _line(event, question, request)
            except ServiceError as error:
                yield encoded(ErrorEvent.name, {"html": _problem(request, error)})
            except Exception as error:
                log.error("bug", exc_type=type(error).__qualname__)
                yield encoded(ErrorEvent.name, {"html": _problem(request, BROKEN)})

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(with_heartbeat(lines()), media_type=MEDIA_TYPE, headers=headers)


def _problem(request: Request, error: ServiceError) -> str:
    return rendered(request, "_problem.html", error=error, request_id=request_id(request))


def _line(event: Event, question: Question, request: Request) -> bytes:
    """HTML for all but the tokens, which the script puts in as text, never as markup."""
    data: dict[str, str | None]
    match event:
        case QuestionEvent(rewritten=rewritten):
            data = {"html": rendered(request, "_understood.html", rewritten=rewritten)}
        case PlanEvent(steps=steps):
            data = {"html": rendered(request, "_plan.html", steps=steps)}
        case StepEvent(step=step):
            data = {"html": rendered(request, "_step.html", step=step), "number": str(step.number)}
        case TokenEvent(text=text):
            data = {"text": text}
        case AnswerEvent(answer=answer):
            assert isinstance(answer, AnswerView)
            parts = _parts(request, answer, question)
            data = {"html": rendered(request, "_answer.html", **parts), "id": answer.id}
        case ErrorEvent():
            data = {"html": _problem(request, ServiceError(event.ja, event.en))}
    return encoded(event.name, data)
