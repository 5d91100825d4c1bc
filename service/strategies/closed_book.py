"""The arm without retrieval: what the model knows by itself."""

from collections.abc import AsyncGenerator

from service.budget import Budget
from service.events import Event
from service.generators import Generator
from service.questions import Question
from service.retrieval import Retriever
from service.strategies.answering import Answering


async def closed_book(
    question: Question, retriever: Retriever, generator: Generator, budget: Budget
) -> AsyncGenerator[Event, None]:
    """Answer from the model alone; the retriever is not asked."""
    answering = Answering("closed_book", question, retriever, generator, budget, grounded=False)
    async for event in answering.conclude():
        yield event
