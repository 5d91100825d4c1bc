"""The information-retrieval baseline of the MedQA paper (Jin et al., Applied Sciences 2021,
doi:10.3390/app11146421, section 4.1): no model, no strategy.

Each choice is searched together with the stem, and the choice whose best passage scores highest is taken.
BM25 scores of queries that differ in the choice alone are compared, as there; fused scores could not be.
Equal scores, and no hit at all, are no answer.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from benchmarks.runs.asking import question_of
from benchmarks.runs.planning import Job, ModeRetriever
from service.answers import Answer, Evidence, Provenance, Step, Usage
from service.notices import NO_CHOICE
from service.questions import Question
from service.retrieval import Retriever


class IrAsker:
    """Answers multiple choice by search alone; anything else, and without an index, it does not answer."""

    model_id = "ir"

    async def ask(self, job: Job, request: str) -> Answer:
        """One step for each choice."""
        del request
        question = question_of(job.item, job.arm.prompt)
        index = job.planned.index
        if index is None or not question.choices:
            return _answer(None, (), None)
        retriever = ModeRetriever(index, "lexical")
        k = job.settings.budget(job.model).k
        steps = await asyncio.to_thread(searched, question, retriever, k)
        return _answer(best(question, steps), steps, retriever.generation)

    async def describe(self) -> dict[str, Any]:
        """Only what it is."""
        return {"served": self.model_id, "kind": "ir"}

    async def close(self) -> None:
        """Nothing to release."""


def searched(question: Question, retriever: Retriever, k: int) -> tuple[Step, ...]:
    """What was found for each choice, in their order."""
    steps = []
    for number, choice in enumerate(question.choices, start=1):
        query = f"{question.text} {choice.text}"
        evidence = [
            Evidence.of(
                found.passage,
                key=f"E{number}-{rank}",
                query=query,
                step=number,
                score=found.score,
                generation=retriever.generation,
            )
            for rank, found in enumerate(retriever.search(query, k), start=1)
        ]
        steps.append(Step(number=number, sub_question=choice.text, query=query, evidence=tuple(evidence)))
    return tuple(steps)


def best(question: Question, steps: Sequence[Step]) -> str | None:
    """The label of the one choice with the highest score."""
    scores = [max((found.score for found in step.evidence), default=0.0) for step in steps]
    highest = max(scores, default=0.0)
    if highest <= 0.0 or scores.count(highest) > 1:
        return None
    return question.labels[scores.index(highest)]


def _answer(choice: str | None, steps: tuple[Step, ...], generation: str | None) -> Answer:
    return Answer(
        text=choice or "",
        choice=choice,
        abstained=choice is None,
        reason=NO_CHOICE if choice is None else None,
        steps=steps,
        usage=Usage(),
        provenance=Provenance(strategy="single", generation=generation, model="ir", prompt_version="none"),
    )
