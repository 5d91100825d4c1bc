"""How an answer is made: functions of one signature over the same events."""

from collections.abc import AsyncGenerator
from typing import Literal, Protocol

from service.budget import Budget
from service.events import Event
from service.generators import Generator
from service.questions import Question
from service.retrieval import Retriever
from service.strategies.closed_book import closed_book
from service.strategies.iterative import iterative
from service.strategies.single import single
from service.strategies.stepwise import stepwise

StrategyName = Literal["closed_book", "single", "stepwise", "iterative"]


class Strategy(Protocol):
    """Yields events; the last is an `AnswerEvent`, unless a `ServiceError` is raised instead."""

    def __call__(
        self, question: Question, retriever: Retriever, generator: Generator, budget: Budget
    ) -> AsyncGenerator[Event, None]:
        """Answer one question."""


STRATEGIES: dict[StrategyName, Strategy] = {
    "closed_book": closed_book,
    "single": single,
    "stepwise": stepwise,
    "iterative": iterative,
}

__all__ = ["STRATEGIES", "Strategy", "StrategyName", "closed_book", "iterative", "single", "stepwise"]
