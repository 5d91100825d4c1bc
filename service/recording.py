"""Keep what a model said, so that an answer can be made again from its record, to the last character.

A call is known by its prompt's messages and limits, not by its place: steps that run together may end in
any order. The record holds question and replies, so it is kept only where texts may be kept.
"""

import json
from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from hashlib import sha256
from typing import Self

from corpora import Frozen
from service.answer_flow import answer
from service.answers import Answer
from service.budget import Budget
from service.generators import Completion, Delta, Generator, Limits
from service.prompts import Prompt
from service.questions import Question
from service.retrieval import Retriever
from service.strategies import StrategyName


class Call(Frozen):
    """One reply of a model.

    Attributes:
        request: sha256 of the prompt's messages and limits.
    """

    request: str
    completion: Completion


class Record(Frozen):
    """All that an answer was made from, besides the index generation that it names."""

    question: Question
    strategy: StrategyName
    budget: Budget
    context_tokens: int | None
    calls: tuple[Call, ...]
    answer: Answer


class RecordingGenerator:
    """Passes everything through and keeps the replies.

    Attributes:
        calls: Those that were finished, in that order.
    """

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self.calls: list[Call] = []

    @property
    def context_tokens(self) -> int | None:
        """As the generator."""
        return self._generator.context_tokens

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """As the generator."""
        completion = await self._generator.generate(prompt, limits=limits)
        self.calls.append(Call(request=request_id(prompt, limits), completion=completion))
        return completion

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        """As the generator."""
        async for delta in self._generator.stream(prompt, limits=limits):
            if delta.completion is not None:
                self.calls.append(Call(request=request_id(prompt, limits), completion=delta.completion))
            yield delta

    async def problem(self) -> str | None:
        """As the generator."""
        return await self._generator.problem()

    async def close(self) -> None:
        """As the generator."""
        await self._generator.close()


class ReplayGenerator:
    """Says what a record holds, and nothing else."""

    def __init__(self, calls: tuple[Call, ...], context_tokens: int | None = None) -> None:
        self.context_tokens = context_tokens
        self._replies: defaultdict[str, deque[Completion]] = defaultdict(deque)
        for call in calls:
            self._replies[call.request].append(call.completion)

    @classmethod
    def of(cls, record: Record) -> Self:
        """The generator of one record."""
        return cls(record.calls, record.context_tokens)

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """The recorded reply.

        Raises:
            NotRecorded: If the record has no reply to this prompt.
        """
        replies = self._replies.get(request_id(prompt, limits))
        if not replies:
            raise NotRecorded(type(prompt).__name__)
        return replies.popleft()

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        """The recorded reply in one piece."""
        completion = await self.generate(prompt, limits=limits)
        yield Delta(text=completion.text)
        yield Delta(completion=completion)

    async def problem(self) -> None:
        """It always works."""

    async def close(self) -> None:
        """Nothing to release."""


class NotRecorded(Exception):  # noqa: N818
    """The prompt differs from those of the record: another index generation, wording or budget."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"the record holds no reply to this {kind}: replay it with the index generation and the version "
            "that its answer names"
        )


def request_id(prompt: Prompt, limits: Limits) -> str:
    """sha256 of what a model is asked."""
    asked = {"messages": prompt.messages(), "schema": prompt.reply_schema(), "limits": limits.model_dump()}
    return sha256(json.dumps(asked, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


async def recorded(
    name: StrategyName, question: Question, retriever: Retriever, generator: Generator, budget: Budget
) -> Record:
    """Answer, and keep the record.

    Raises:
        ServiceError: As `service.answer_flow.answer`.
    """
    recording = RecordingGenerator(generator)
    context_tokens = recording.context_tokens
    made = await answer(name, question, retriever, recording, budget)
    return Record(
        question=question,
        strategy=name,
        budget=budget,
        context_tokens=context_tokens,
        calls=tuple(recording.calls),
        answer=made,
    )


async def replayed(record: Record, retriever: Retriever) -> Answer:
    """The record's answer, made again.

    Raises:
        NotRecorded: If ``retriever`` finds other passages than it did.
    """
    return await answer(
        record.strategy, record.question, retriever, ReplayGenerator.of(record), record.budget
    )
