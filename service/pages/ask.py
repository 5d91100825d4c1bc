"""The page that asks: the answer step by step as server-sent HTML, or whole where scripts are off."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from importlib.metadata import version
from typing import Annotated, Any, cast, get_args

import structlog
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from service.answers import Answer
from service.api.answers import events_of, finished
from service.api.owners import owner
from service.api.problems import request_id
from service.api.schemas import AnswerRequest
from service.api.sse import MEDIA_TYPE, encoded, with_heartbeat
from service.api.state import ServiceState, service_state
from service.errors import BadRequest, ServiceError
from service.events import AnswerEvent, ErrorEvent, Event, PlanEvent, StepEvent, TokenEvent
from service.pages.answer_view import view, with_references
from service.pages.site import page, problem_page, rendered, texts
from service.questions import Question
from service.state.feedback import Verdict
from service.strategies import STRATEGIES

log = structlog.get_logger(__name__)

router = APIRouter(include_in_schema=False)

State = Annotated[ServiceState, Depends(service_state)]

BROKEN = ServiceError(
    "内部エラーが起きました。要求の番号を添えてお知らせください。",
    "Something is broken here. Please report it with the request id.",
)
_VERDICTS = get_args(Verdict)


class AskForm(BaseModel):
    """The form as a browser sends it: every field is text."""

    model_config = ConfigDict(extra="ignore")

    question: str = ""
    choices: str = Field(default="", description="One a line: its label, a space, its text")
    strategy: str = ""
    reviewed: bool = False
    superseded: bool = False
    published_from: str = ""

    def asked(self) -> AnswerRequest:
        """The request that the API would get.

        Raises:
            BadRequest: Naming the field.
        """
        filters: dict[str, Any] = {}
        if self.reviewed:
            filters["unreviewed"] = False
        if self.superseded:
            filters["superseded"] = "include"
        if self.published_from:
            filters["published_from"] = self.published_from
        values: dict[str, Any] = {"question": self.question, "choices": _choices(self.choices)}
        if self.strategy:
            values["strategy"] = self.strategy
        if filters:
            values["filters"] = filters
        try:
            return AnswerRequest.model_validate(values)
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3]
            )
            raise BadRequest(
                f"入力に誤りがあります。{faults}", f"Something in the form is not valid. {faults}"
            ) from None


def _choices(text: str) -> list[dict[str, str]]:
    """「A テント状T波」, 「A. …」, 「1）…」: a label, then the choice; without one a letter."""
    found = []
    for number, line in enumerate(filter(None, (line.strip() for line in text.splitlines()))):
        label, parted, rest = line.partition(" ")
        label = label.rstrip(".．:：)）、,")
        if parted and rest.strip() and 0 < len(label) <= 2:
            found.append({"label": label, "text": rest.strip()})
        else:
            found.append({"label": chr(ord("A") + number % 26), "text": line})
    return found


@router.get("/")
async def ask_page(request: Request, state: State, q: str = "") -> Response:
    """The empty form."""
    return page(request, "ask.html", form=AskForm(question=q[:4_000]), **_about(state))


@router.post("/ask")
async def ask(request: Request, state: State, form: Annotated[AskForm, Form()]) -> Response:
    """The answer: as events of HTML parts where the script asks for them, else as a page."""
    streaming = MEDIA_TYPE in request.headers.get("accept", "")
    try:
        asked = form.asked()
        if streaming:
            return await _streamed(asked, request, state)
        answer = await finished(asked, state)
        stored = await _kept(asked.to_question(), answer, request, state)
    except ServiceError as error:
        if streaming:
            part = _problem(request, error)
            return HTMLResponse(part, error.status, {"Cache-Control": "no-store"})
        return problem_page(request, error)
    return RedirectResponse(f"/answers/{stored}", 303)


@router.get("/answers/{answer_id}")
async def stored_answer(request: Request, state: State, answer_id: str) -> Response:
    """An answer that was given before, as it was given."""
    try:
        stored = await state.store.answers.get(answer_id, owner(request))
    except ServiceError as error:
        return problem_page(request, error)
    answer = Answer.model_validate(stored.answer)
    question = Question.model_validate(stored.question)
    form = AskForm(
        question=question.text, choices="\n".join(f"{one.label} {one.text}" for one in question.choices)
    )
    return page(
        request,
        "answer.html",
        form=form,
        made_at=stored.created_at,
        **_parts(request, answer, answer_id, question),
        **_about(state),
    )


@router.post("/answers/{answer_id}/feedback")
async def feedback(
    request: Request,
    state: State,
    answer_id: str,
    verdict: Annotated[str, Form()] = "",
    comment: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """What a reader thinks of an answer."""
    try:
        if verdict not in _VERDICTS:
            raise BadRequest("評価を一つ選んでください。", "Choose one of the verdicts.")
        await state.store.feedback.add(answer_id, owner(request), cast("Verdict", verdict), comment=comment)
    except ServiceError as error:
        return problem_page(request, error)
    return page(request, "_thanks.html")


def _about(state: ServiceState) -> dict[str, Any]:
    live = state.live.state
    return {
        "strategies": list(STRATEGIES),
        "default_strategy": state.settings.strategy.default,
        "generation": live.generation,
        "degraded": live.degraded,
    }


def _parts(request: Request, answer: Answer, answer_id: str | None, question: Question) -> dict[str, Any]:
    side = texts(request).lang
    said = [notice.ja if side == "ja" else notice.en for notice in answer.notices]
    chosen = next((one for one in question.choices if one.label == answer.choice), None)
    return {
        "answer": answer,
        "view": view(answer),
        "answer_id": answer_id,
        "chosen": chosen,
        "copied": with_references(answer, said),
    }


async def _kept(question: Question, answer: Answer, request: Request, state: ServiceState) -> str:
    stored = await state.store.answers.save(owner(request), question, answer, made_by=version("jmedqa"))
    return stored.answer_id


async def _streamed(asked: AnswerRequest, request: Request, state: ServiceState) -> Response:
    """Start the events, so that what fails before the first one still gets its status."""
    events = events_of(asked, state)
    first = await anext(events)
    question = asked.to_question()

    async def lines() -> AsyncGenerator[bytes, None]:
        async with aclosing(events):
            yield await _line(first, question, request, state)
            try:
                async for event in events:
                    yield await _line(event, question, request, state)
            except ServiceError as error:
                yield encoded(ErrorEvent.name, {"html": _problem(request, error)})
            except Exception as error:
                log.error("bug", exc_type=type(error).__qualname__)
                yield encoded(ErrorEvent.name, {"html": _problem(request, BROKEN)})

    return StreamingResponse(
        with_heartbeat(lines()), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"}
    )


def _problem(request: Request, error: ServiceError) -> str:
    return rendered(request, "_problem.html", error=error, request_id=request_id(request))


async def _line(event: Event, question: Question, request: Request, state: ServiceState) -> bytes:
    """HTML for all but the tokens, which the script puts in as text, never as markup."""
    match event:
        case PlanEvent(steps=steps):
            data = {"html": rendered(request, "_plan.html", steps=steps)}
        case StepEvent(step=step):
            data = {"html": rendered(request, "_step.html", step=step), "number": str(step.number)}
        case TokenEvent(text=text):
            data = {"text": text}
        case AnswerEvent(answer=answer):
            try:
                answer_id: str | None = await _kept(question, answer, request, state)
            except ServiceError:  # a full disk keeps no answer from its reader; there is no link to it then
                answer_id = None
            parts = _parts(request, answer, answer_id, question)
            data = {"html": rendered(request, "_answer.html", **parts)}
        case ErrorEvent():
            data = {"html": _problem(request, ServiceError(event.ja, event.en))}
    return encoded(event.name, data)
