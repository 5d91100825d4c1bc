"""One question of one caller: understood, answered on one index generation, counted, kept."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from pydantic import Field

from service.answer_flow import answer_events
from service.answers import Answer, Unparsed
from service.api.answer_line import answer_line
from service.api.metrics import MeteredGenerator, MeteredRetriever
from service.api.schemas import QuestionRequest
from service.api.state import ServiceState
from service.audit.notes import note_answer, note_error, note_question
from service.conversing.rewrite_prompt import Turn
from service.conversing.rewriting import Understood, stand_alone
from service.errors import ServiceError
from service.events import AnswerEvent, Event, QuestionEvent
from service.intended_use import check_intended_use
from service.notices import NOT_KEPT, REWRITE_UNPARSED
from service.release import release
from service.state import LOCAL, StateUnavailable, new_id

log = structlog.get_logger(__name__)


class AnswerView(Answer):
    """An answer as the API gives it.

    Attributes:
        id: Opens it again at ``/api/v1/answers/{id}``; ``None`` where it is not kept.
        asked: The question as it was asked.
        rewritten: What was answered in its place, in a conversation; ``None`` where it stands alone.
    """

    id: str | None = Field(examples=["ans_0123456789abcdef0123456789abcdef"])
    asked: str
    rewritten: str | None
    conversation_id: str | None
    created_at: datetime


@dataclass(frozen=True)
class Asked:
    """A question on its way.

    Attributes:
        turns: What came before it, oldest first; empty for a question by itself.
        in_conversation: It is understood from ``turns``, and how is said first, even where there are none.
        kept: Whether its answer is stored, for as long as the site keeps answers.
    """

    request: QuestionRequest
    owner: str = LOCAL
    turns: tuple[Turn, ...] = ()
    in_conversation: bool = False
    conversation_id: str | None = None
    kept: bool = True
    answer_id: str = field(default_factory=lambda: new_id("ans"))


async def finished(asked: Asked, state: ServiceState) -> AnswerView:
    """The answer alone."""
    async with aclosing(events_of(asked, state)) as events:
        async for event in events:
            if isinstance(event, AnswerEvent):
                assert isinstance(event.answer, AnswerView)
                return event.answer
    raise AssertionError("a strategy that raises nothing ends with its answer")


async def events_of(asked: Asked, state: ServiceState) -> AsyncGenerator[Event, None]:
    """One answer's events; the answer in the last of them is an `AnswerView`.

    Raises:
        ServiceError: What keeps it from being answered.
    """
    settings, metrics = state.settings, state.metrics
    name = asked.request.strategy or settings.strategy.default
    question = asked.request.to_question()
    note_question(question)
    async with AsyncExitStack() as held:
        try:
            check_intended_use(question, settings.site.intended_use)
            await held.enter_async_context(state.answering())
            retriever = held.enter_context(state.live.snapshot())
            generator = MeteredGenerator(state.generator, metrics)
            understood = await stand_alone(
                question,
                asked.turns,
                generator,
                on_model_failure=settings.generator.on_model_failure,
            )
            check_intended_use(understood.question, settings.site.intended_use)
            if asked.in_conversation:
                yield QuestionEvent(asked=asked.request.question, rewritten=understood.rewritten)
            events = answer_events(
                name,
                understood.question,
                MeteredRetriever(retriever, metrics),
                generator,
                asked.request.budget(settings.limits),
                on_model_failure=settings.generator.on_model_failure,
                degraded=state.live.state.degraded,
                filters=asked.request.filters,
                abstention=settings.abstention,
            )
            await held.enter_async_context(aclosing(events))
            async for event in events:
                if isinstance(event, AnswerEvent):
                    metrics.answered(name, event.answer)
                    log.info("answer", **answer_line(name, event.answer))
                    note_answer(event.answer)
                    event = AnswerEvent(answer=await _kept(asked, understood, event.answer, state))
                yield event
        except ServiceError as error:
            metrics.failed(name, error.code)
            generation = state.live.state.generation
            log.warning("no answer", strategy=name, generation=generation, code=error.code)
            note_error(error.code)
            raise


async def _kept(asked: Asked, understood: Understood, answer: Answer, state: ServiceState) -> AnswerView:
    """The answer with what only the caller's side knows, stored first: who reads it may open it again.

    An answer that cannot be stored is given all the same, and says so.
    """
    unparsed = (
        (Unparsed(part="rewrite", text=understood.unparsed),) if understood.unparsed is not None else ()
    )
    keeps = asked.kept and state.settings.state.answers_days > 0
    view = AnswerView(
        **dict(answer),
        id=asked.answer_id if keeps else None,
        asked=asked.request.question,
        rewritten=understood.rewritten,
        conversation_id=asked.conversation_id,
        created_at=datetime.now(UTC).replace(microsecond=0),
    )
    if unparsed:
        view = view.model_copy(
            update={"unparsed": (*unparsed, *view.unparsed), "notices": (*view.notices, REWRITE_UNPARSED)}
        )
    try:
        if keeps:
            await state.store.answers.save(
                asked.owner, understood.question, view, made_by=release(), answer_id=asked.answer_id
            )
        if asked.conversation_id is not None:
            await state.store.conversations.add_turn(
                asked.conversation_id,
                asked.owner,
                question=asked.request.question,
                rewritten=understood.rewritten,
                answer_id=view.id,
            )
    except StateUnavailable as error:
        log.error("answer not kept", code=error.code)
        return view.model_copy(update={"id": None, "notices": (*view.notices, NOT_KEPT)})
    return view
