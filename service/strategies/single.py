"""The usual way: retrieve once with the question itself, then answer."""

from collections.abc import AsyncGenerator

from service.answers import PlannedStep
from service.budget import Budget
from service.events import Event, PlanEvent, StepEvent
from service.generators import Generator
from service.questions import Question
from service.retrieval import Retriever
from service.strategies.answering import Answering


async def single(
    question: Question, retriever: Retriever, generator: Generator, budget: Budget
) -> AsyncGenerator[Event, None]:
    """One step: the question, its choices included, is the query; its conclusion is the answer."""
    answering = Answering("single", question, retriever, generator, budget)
    query = " ".join([question.text, *(choice.text for choice in question.choices)])
    planned = PlannedStep(number=1, sub_question=question.text, query=query)
    yield PlanEvent(steps=(planned,))
    step = await answering.retrieve(planned)
    answering.steps.append(step)
    yield StepEvent(step=step)
    async for event in answering.conclude():
        yield event
