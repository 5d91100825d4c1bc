"""Judge every answer of case runs: two orders of the points, one record each answer, resumable."""

import asyncio
import json
import os
import random
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import ValidationError

from benchmarks.cases.keys import CaseKey
from benchmarks.rating.judge.prompt import JUDGE_PROMPT_VERSION, JudgePrompt, parsed
from benchmarks.rating.judge.rubric import Point, Scored, Verdict, points_of, scored
from benchmarks.rating.workbench.masking import masked
from corpora import Frozen
from service.cases import Protocol
from service.cases.agents import CaseAnswer
from service.cases.errors import BadCase
from service.errors import GenerationRefused, GenerationTruncated
from service.generators import Generator, Limits
from service.prompts import Prompt
from service.wording import INSUFFICIENT

MANIFEST, JUDGEMENTS, SAMPLE = "judge.json", "judgements.jsonl", "sample.csv"
ORDERS = 2

Missing = Literal["unparsed", "truncated", "refused", "unsettled"]


class Judgement(Frozen):
    """What the judge made of one answer.

    Attributes:
        key: Hash of everything it rests on: model, prompt, seed, question, points and answer.
        verdicts: Of each order, by point; ``None`` for a reply that could not be read.
        result: Of both orders together: points on which they differ are unsure. ``None`` with ``missing``,
            but for ``unsettled``, where it says which points were.
        missing: Why there is no score. A missing score is never taken for one.
        characters: Of the masked answer, for the control of length.
        asked: Calls made; 0 for an answer that says nothing, which meets no point.
    """

    case_id: str
    question_id: str
    system: str
    key: str
    verdicts: tuple[dict[str, Verdict] | None, ...]
    result: Scored | None
    missing: Missing | None
    characters: int
    asked: int

    @property
    def score(self) -> int | None:
        """0, 1, 2 or missing."""
        return self.result.score if self.result else None

    @property
    def changed_by_order(self) -> tuple[int, int]:
        """Points on which the orders differ, of those judged in both."""
        if len(self.verdicts) < ORDERS or any(one is None for one in self.verdicts):
            return 0, 0
        first, second = (cast("dict[str, Verdict]", one) for one in self.verdicts[:ORDERS])
        both = first.keys() & second.keys()
        return sum(first[name] != second[name] for name in both), len(both)


async def judge(
    answers: Mapping[str, Sequence[CaseAnswer]],
    keys: Mapping[str, CaseKey],
    protocol: Protocol,
    generator: Generator,
    *,
    model: str,
    seed: int,
    max_tokens: int,
    concurrency: int = 1,
    done: Mapping[tuple[str, str, str], Judgement],
) -> AsyncGenerator[Judgement, None]:
    """A judgement for each answer that has a key, system names masked; ``done`` ones are not asked again.

    Args:
        answers: System → its case run's records.
        keys: Case → key.
        concurrency: Answers judged at once.

    Raises:
        ServiceError: If the model server is down or too slow; what was yielded stands.
    """
    questions = {one.question_id: one.ja for stage in protocol.stages for one in stage.questions}
    cells = [
        (record, system)
        for system, records in answers.items()
        for record in records
        if not record.skipped and record.question_id in keys[record.case_id].questions
    ]
    # No system first: a server that drifts does so for all.
    random.Random(seed).shuffle(cells)  # noqa: S311
    waiting: deque[Coroutine[Any, Any, Judgement]] = deque()
    for record, system in cells:
        points = points_of(keys[record.case_id].questions[record.question_id])
        text = masked(record.answer.text if record.answer else "", answers)
        key = _key(model, seed, questions[record.question_id], points, text)
        place = (record.case_id, record.question_id, system)
        before = done.get(place)
        if before is not None and before.key == key:
            continue
        question = questions[record.question_id]
        waiting.append(_judged(record, system, key, question, points, text, generator, seed, max_tokens))
    running: set[asyncio.Task[Judgement]] = set()
    try:
        while waiting or running:
            while waiting and len(running) < concurrency:
                running.add(asyncio.create_task(waiting.popleft()))
            ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for never in waiting:
            never.close()


async def _judged(
    record: CaseAnswer,
    system: str,
    key: str,
    question: str,
    points: tuple[Point, ...],
    text: str,
    generator: Generator,
    seed: int,
    max_tokens: int,
) -> Judgement:
    def made(
        verdicts: tuple[dict[str, Verdict] | None, ...], result: Scored | None, missing: Missing | None
    ) -> Judgement:
        return Judgement(
            case_id=record.case_id,
            question_id=record.question_id,
            system=system,
            key=key,
            verdicts=verdicts,
            result=result,
            missing=missing,
            characters=len(text),
            asked=len(verdicts),
        )

    if record.answer is None or record.answer.abstained or text in INSUFFICIENT.values():
        nothing: dict[str, Verdict] = {point.point_id: "not_met" for point in points}
        return made((), scored(points, nothing), None)
    verdicts: list[dict[str, Verdict] | None] = []
    for shown in orders(points, f"{seed}/{record.case_id}/{record.question_id}"):
        prompt = JudgePrompt(question=question, answer=text, points=shown)
        try:
            reply = await generator.generate(cast("Prompt", prompt), limits=Limits(max_tokens=max_tokens))
        except GenerationTruncated:
            return made((*verdicts, None), None, "truncated")
        except GenerationRefused:
            return made((*verdicts, None), None, "refused")
        verdicts.append(parsed(reply.text, points, text))
        if verdicts[-1] is None:
            return made(tuple(verdicts), None, "unparsed")
    first, second = (cast("dict[str, Verdict]", one) for one in verdicts)
    agreed: dict[str, Verdict] = {
        name: verdict for name, verdict in first.items() if second.get(name) == verdict
    }
    result = scored(points, agreed)
    return made(tuple(verdicts), result, None if result.score is not None else "unsettled")


def orders(points: Sequence[Point], seed: str) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """A seeded order, the same for all systems, and its reverse: first in one is last in the other."""
    shuffled = list(points)
    random.Random(seed).shuffle(shuffled)  # noqa: S311
    return tuple(shuffled), tuple(reversed(shuffled))


def _key(model: str, seed: int, question: str, points: Sequence[Point], text: str) -> str:
    listed = [[point.point_id, point.text, point.weight] for point in points]
    whole = json.dumps([model, JUDGE_PROMPT_VERSION, seed, question, listed, text], ensure_ascii=False)
    return sha256(whole.encode()).hexdigest()


class JudgeRun:
    """The folder of a judge's run: a manifest, the sample for people, one line for each judgement."""

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        self.folder = folder
        self._about = dict(about)

    def open(self) -> dict[tuple[str, str, str], Judgement]:
        """Make the folder or go on with it; what is judged, the newest of each answer.

        Raises:
            BadCase: If it holds another run, or a line cannot be read.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        manifest = self.folder / MANIFEST
        text = json.dumps(self._about, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        if manifest.exists() and manifest.read_text(encoding="utf-8") != text:
            raise BadCase(manifest, "it is of a judge with other settings: name another folder with --out")
        manifest.write_text(text, encoding="utf-8")
        file = self.folder / JUDGEMENTS
        if file.exists():
            raw = file.read_bytes()
            whole = raw[: raw.rfind(b"\n") + 1]
            if len(whole) < len(raw):  # cut while it was written: judged again
                with file.open("r+b") as stream:
                    stream.truncate(len(whole))
        return {(one.case_id, one.question_id, one.system): one for one in read_judgements(self.folder)}

    def append(self, judgement: Judgement) -> None:
        """Keep one; it is on disk when this returns."""
        with (self.folder / JUDGEMENTS).open("ab") as stream:
            stream.write(judgement.model_dump_json().encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())


def read_judgements(folder: Path) -> list[Judgement]:
    """Every whole line, the newest of an answer last.

    Raises:
        BadCase: If a line is no judgement.
    """
    file = folder / JUDGEMENTS
    if not file.exists():
        return []
    raw = file.read_bytes()
    found = []
    for number, line in enumerate(raw[: raw.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            found.append(Judgement.model_validate_json(line))
        except ValidationError:
            raise BadCase(file, f"line {number} is no judgement") from None
    return found
