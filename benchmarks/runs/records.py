"""One record per item, arm and repeat: all that scores, reports and a resumed run need."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from benchmarks.parsing import Parsed
from benchmarks.runs.arms import Cell
from benchmarks.runs.leaks import Leak, leaks
from benchmarks.tasks import Item
from corpora import Frozen
from service.answers import Answer, Evidence


class StepRecord(Frozen):
    """One reasoning step. Texts are ``None`` where the task's data may not be passed on.

    Attributes:
        evidence: Passage ids, best first; the passages themselves stand once a run in ``passages.jsonl``.
        error: The service error's code.
    """

    number: int
    evidence: tuple[str, ...]
    sub_question: str | None = None
    query: str | None = None
    conclusion: str | None = None
    error: str | None = None


class Response(Frozen):
    """What was answered. ``text`` is ``None`` where it may not be kept; its hash always is."""

    text: str | None
    sha256: str
    choice: str | None = None
    reason: str | None = None


class Failure(Frozen):
    """Why there is no answer: a service error's code, ``bug``, or ``bad-item``; and its text."""

    kind: str
    message: str


class Record(Frozen):
    """One line of ``records.jsonl``; exactly one of ``response`` and ``failure`` is there.

    Attributes:
        request: Hash of the model's id, everything that is asked and how, and the repeat: a record of
            another request is never taken for this one.
        parsed: What was read when it was made. Scoring reads the response again where it is kept.
        calls, prompt_tokens, completion_tokens: Over all calls of the answer; ``None``: not counted.
        started: Seconds since the epoch.
        seconds: From the first call to the answer, without waiting for a place.
        attempts: Tries, of which all but the last met an overloaded server.
        model: As the server named it.
        probabilities: Of a scored choice: label → its share among the labels seen.
    """

    task: str
    item: str
    arm: str
    repeat: int
    request: str
    parsed: Parsed
    response: Response | None = None
    failure: Failure | None = None
    steps: tuple[StepRecord, ...] = ()
    cited: tuple[str, ...] = ()
    verified_share: float | None = None
    leaks: tuple[Leak, ...] = ()
    calls: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    started: float
    seconds: float
    attempts: int = 1
    model: str = "none"
    generation: str | None = None
    probabilities: dict[str, float] | None = None

    @property
    def cell(self) -> Cell:
        """Where the record belongs."""
        return Cell(task=self.task, item=self.item, arm=self.arm, repeat=self.repeat)

    @property
    def outcome(self) -> dict[str, Any]:
        """All but what differs between two runs of the same requests: times and tries."""
        return self.model_dump(mode="json", exclude={"started", "seconds", "attempts"})


class PassageRecord(Frozen):
    """A passage that some record shows, kept once."""

    passage_id: str
    doc_id: str
    title: str
    headings: tuple[str, ...]
    text: str
    source: str | None
    generation: str | None


def request_hash(asked: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON."""
    return sha256(json.dumps(asked, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def answered(
    cell: Cell,
    item: Item,
    answer: Answer,
    parsed: Parsed,
    *,
    request: str,
    started: float,
    seconds: float,
    attempts: int,
    shown: bool,
    probabilities: dict[str, float] | None = None,
) -> Record:
    """The record of an answer.

    Args:
        shown: Whether texts of the task, and replies that may quote them, are kept.
    """
    evidence = evidence_of(answer)
    steps = [
        StepRecord(
            number=step.number,
            evidence=tuple(found.passage_id for found in step.evidence),
            sub_question=step.sub_question if shown else None,
            query=step.query if shown else None,
            conclusion=step.conclusion if shown else None,
            error=step.error.code if step.error else None,
        )
        for step in answer.steps
    ]
    return Record(
        task=cell.task,
        item=cell.item,
        arm=cell.arm,
        repeat=cell.repeat,
        request=request,
        parsed=parsed,
        response=Response(
            text=answer.text if shown else None,
            sha256=sha256(answer.text.encode()).hexdigest(),
            choice=answer.choice,
            reason=answer.reason.code if answer.reason else None,
        ),
        steps=tuple(steps),
        cited=tuple(dict.fromkeys(citation.passage_id for citation in answer.citations)),
        verified_share=answer.verified_share,
        leaks=leaks(item, evidence),
        calls=answer.usage.calls,
        prompt_tokens=answer.usage.prompt_tokens,
        completion_tokens=answer.usage.completion_tokens,
        started=started,
        seconds=seconds,
        attempts=attempts,
        model=answer.provenance.model,
        generation=answer.provenance.generation,
        probabilities=probabilities,
    )


def evidence_of(answer: Answer) -> tuple[Evidence, ...]:
    """All passages shown to the model, each once."""
    return tuple({found.passage_id: found for step in answer.steps for found in step.evidence}.values())


def passage_record(found: Evidence) -> PassageRecord:
    """What is kept of a passage."""
    return PassageRecord(
        passage_id=found.passage_id,
        doc_id=found.doc_id,
        title=found.title,
        headings=found.headings,
        text=found.text,
        source=found.source,
        generation=found.generation,
    )
