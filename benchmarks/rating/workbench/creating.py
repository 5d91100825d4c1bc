"""Make a study from case runs: mask the answers, deal them out, seal the key.

The key (which answer is whose) goes into a file of its own beside the study, which the serving process never
opens. The seal is one of procedure: `jmedqa rate unseal` refuses before every rater has locked, and logs its
opening; who may read the folder could still open the file, so keep the folder away from raters.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases.records import read_answers
from benchmarks.rating.workbench.masking import masked, tells
from benchmarks.rating.workbench.planning import Cell, dealt, ordered
from benchmarks.rating.workbench.store import Store, StudyError, hashed
from service.cases import Case, Protocol
from service.cases.agents import CaseAnswer

ADJUDICATOR = "adjudicator"
NO_ANSWER = "(回答なし)"


@dataclass(frozen=True)
class Created:
    """A new study. ``tokens`` are shown once and kept nowhere: rater → token."""

    path: Path
    tokens: dict[str, str]
    answers: int
    tasks: int
    left_out: int
    tells: dict[str, int]


def create(
    path: Path,
    cases: Sequence[Case],
    protocol: Protocol,
    runs: Mapping[str, Path],
    raters: Sequence[str],
    *,
    per_case: int | None = None,
    repeats: float = 0.1,
    seed: int = 1,
) -> Created:
    """Make the study and its sealed key.

    Args:
        runs: System → folder of its case run; ``X`` and ``X+rag`` are one model without and with retrieval.
        per_case: Raters of each case; all where ``None``.
        repeats: Share of answers shown twice to a rater.

    Raises:
        StudyError: If names repeat, the study exists, or a run lacks an answer of a case.
    """
    if len(set(raters)) < len(raters) or not raters or ADJUDICATOR in raters:
        raise StudyError("評価者の名前が重複しています。", "Name every rater once, and none 'adjudicator'.")
    if len(cases) == 0 or not runs:
        raise StudyError("症例と実行結果が必要です。", "A study needs cases and runs.")
    answers = {
        system: {(a.case_id, a.question_id): a for a in read_answers(run)} for system, run in runs.items()
    }
    stages = {q.question_id: n for n, stage in enumerate(protocol.stages) for q in stage.questions}
    cells: list[tuple[Cell, str, str, str]] = []
    told = dict.fromkeys(runs, 0)
    left_out = 0
    for case in cases:
        for question, stage in stages.items():
            records = {system: answers[system].get((case.case_id, question)) for system in runs}
            if lacking := [system for system, record in records.items() if record is None]:
                raise StudyError(
                    f"{lacking[0]} に {case.case_id} {question} の回答がありません。",
                    f"{lacking[0]} has no record of {case.case_id} {question}: finish its case run first.",
                )
            if any(record is not None and record.skipped for record in records.values()):
                left_out += 1
                continue
            for system, record in records.items():
                assert record is not None
                text = masked(_text(record), runs)
                told[system] += bool(tells(text))
                cells.append((Cell(secrets.token_hex(8), case.case_id, stage), question, system, text))
    dealt_cases = dealt([case.case_id for case in cases], raters, per_case or len(raters), seed)
    plans = {
        rater: ordered([cell for cell, *_ in cells], own, rater, seed, repeats)
        for rater, own in dealt_cases.items()
    }
    key = {cell.answer: system for cell, _, system, _ in cells}
    sealed = json.dumps(key, sort_keys=True) + "\n"
    tokens = {name: secrets.token_urlsafe(32) for name in (*raters, ADJUDICATOR)}
    store = Store.create(path)
    try:
        key_file(path).write_text(sealed, encoding="utf-8")
        key_file(path).chmod(0o600)
        store.fill(
            "raters",
            [(n, "rater" if n in raters else ADJUDICATOR, hashed(t), None) for n, t in tokens.items()],
        )
        store.fill("findings", [row for case in cases for row in _findings(case, protocol)])
        store.fill(
            "answers", [(c.answer, c.case_id, c.stage, question, text) for c, question, _, text in cells]
        )
        store.fill(
            "tasks",
            [
                (secrets.token_hex(8), rater, position, planned.block, planned.answer, int(planned.repeat))
                for rater, plan in plans.items()
                for position, planned in enumerate(plan)
            ],
        )
        facts = {
            "protocol": protocol.name,
            "questions": {q.question_id: q.ja for stage in protocol.stages for q in stage.questions},
            "seed": seed,
            "systems": len(runs),
            "key_sha256": hashlib.sha256(sealed.encode()).hexdigest(),
        }
        store.fill("about", [(name, json.dumps(value, ensure_ascii=False)) for name, value in facts.items()])
        store.log("organiser", "created")
    finally:
        store.close()
    return Created(path, tokens, len(cells), sum(map(len, plans.values())), left_out, told)


def key_file(path: Path) -> Path:
    """Where the sealed key of a study is."""
    return path.with_suffix(".key.json")


def _text(record: CaseAnswer) -> str:
    return record.answer.text if record.answer is not None else NO_ANSWER


def _findings(case: Case, protocol: Protocol) -> list[tuple[str, int, str, str]]:
    known = {stage.name: stage for stage in case.stages}
    return [
        (
            case.case_id,
            number,
            stage.shows_ja,
            known[stage.name].rendered() or f"({known[stage.name].absent})",
        )
        for number, stage in enumerate(protocol.stages)
        if stage.name in known
    ]
