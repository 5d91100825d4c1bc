"""Run a strategy and decide what a failing model comes to."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from indexer import Filters
from service.abstaining import AbstentionSettings, withheld
from service.answers import Answer, PlannedStep, Step
from service.budget import Budget
from service.errors import GenerationTimeout, GeneratorUnavailable
from service.events import AnswerEvent, Event, PlanEvent, StepEvent
from service.generators import Generator
from service.notices import INDEX_DEGRADED, Notice
from service.questions import Question
from service.retrieval import FilteredRetriever, Retriever
from service.settings import OnModelFailure
from service.strategies import STRATEGIES, StrategyName
from service.strategies.answering import Answering


async def answer_events(
    name: StrategyName,
    question: Question,
    retriever: Retriever,
    generator: Generator,
    budget: Budget,
    *,
    on_model_failure: OnModelFailure = "error",
    degraded: bool = False,
    filters: Filters | None = None,
    abstention: AbstentionSettings | None = None,
) -> AsyncGenerator[Event, None]:
    """The strategy's events, on evidence that passes ``filters``.

    With ``evidence_only`` a model that is down or too slow ends in an answer without text, which shows
    the evidence and says that it is no answer. Nor does an answer stand that ``abstention`` withholds. Tokens
    streamed before are no part of either.

    Raises:
        ServiceError: What the strategy raises, otherwise.
    """
    steps: list[Step] = []
    planned: tuple[PlannedStep, ...] = ()
    extra = (INDEX_DEGRADED,) if degraded else ()
    if filters is not None:
        retriever = FilteredRetriever(retriever, filters)
    try:
        async with aclosing(STRATEGIES[name](question, retriever, generator, budget)) as events:
            async for event in events:
                if isinstance(event, PlanEvent):
                    planned = event.steps
                elif isinstance(event, StepEvent):
                    steps.append(event.step)
                elif isinstance(event, AnswerEvent):
                    kept = withheld(question, event.answer, abstention or AbstentionSettings())
                    event = AnswerEvent(answer=_completed(kept, extra, filters))
                yield event
    except (GeneratorUnavailable, GenerationTimeout):
        if on_model_failure == "error":
            raise
        answering = Answering(name, question, retriever, generator, budget)
        answering.adopt(steps)
        if not planned and name != "closed_book":
            planned = (PlannedStep(number=1, sub_question=question.text, query=question.text),)
            yield PlanEvent(steps=planned)
        for step in planned[len(steps) :]:
            found = await answering.retrieve(step)
            answering.steps.append(found)
            yield StepEvent(step=found)
        yield AnswerEvent(answer=_completed(answering.evidence_only(), extra, filters))


async def answer(
    name: StrategyName,
    question: Question,
    retriever: Retriever,
    generator: Generator,
    budget: Budget,
    *,
    on_model_failure: OnModelFailure = "error",
    degraded: bool = False,
    filters: Filters | None = None,
    abstention: AbstentionSettings | None = None,
) -> Answer:
    """The finished answer alone.

    Raises:
        ServiceError: As `answer_events`.
    """
    result: Answer | None = None
    events = answer_events(
        name,
        question,
        retriever,
        generator,
        budget,
        on_model_failure=on_model_failure,
        degraded=degraded,
        filters=filters,
        abstention=abstention,
    )
    async with aclosing(events):
        async for event in events:
            if isinstance(event, AnswerEvent):
                result = event.answer
    assert result is not None, "a strategy that raises nothing ends with its answer"
    return result


def _completed(answer: Answer, notices: tuple[Notice, ...], filters: Filters | None) -> Answer:
    """The answer with what the strategy does not know."""
    provenance = answer.provenance.model_copy(update={"filters": filters})
    return answer.model_copy(update={"notices": (*answer.notices, *notices), "provenance": provenance})
