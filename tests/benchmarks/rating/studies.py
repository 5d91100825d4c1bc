"""Small studies for the tests: real cases, answers that say their quality, raters that read it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.cases.cli import STAGES
from benchmarks.cases.records import CaseRun
from benchmarks.rating.workbench.creating import Created, create
from service.answers import Answer, Provenance, Usage
from service.cases import Case, Protocol, load_case, load_protocol
from service.cases.agents import CaseAnswer

PROTOCOL = load_protocol()
SHORT = PROTOCOL.model_copy(
    update={
        "stages": tuple(
            stage.model_copy(update={"questions": stage.questions[:1]}) for stage in PROTOCOL.stages
        )
    }
)
"""One question a stage, for studies that are driven page by page."""
Quality = Callable[[str, str, int], int]
"""System, question, number of the case → 0, 1 or 2, which the answer's text says as 品質N."""


def shipped(count: int) -> list[Case]:
    files = sorted(STAGES.glob("neph-*.toml"))[:count]
    return [load_case(file) for file in files]


def written(text: str) -> Answer:
    return Answer(
        text=text,
        choice=None,
        abstained=False,
        reason=None,
        steps=(),
        claims=(),
        citations=(),
        verified_share=None,
        notices=(),
        unparsed=(),
        usage=Usage(calls=1, prompt_tokens=None, completion_tokens=None),
        provenance=Provenance(strategy="single", generation=None, model="scripted", prompt_version="t"),
    )


def run(folder: Path, system: str, cases: Sequence[Case], quality: Quality) -> Path:
    kept = CaseRun(folder, {"system": system})
    kept.open()
    for number, case in enumerate(cases):
        for stage in PROTOCOL.stages:
            for question in stage.questions:
                level = quality(system, question.question_id, number)
                cited = "[E1]" if "+" in system else ""
                text = f"{case.case_id} {question.question_id} への回答です{cited}。品質{level}。"
                kept.append(
                    CaseAnswer(
                        case_id=case.case_id,
                        stage=stage.name,
                        question_id=question.question_id,
                        answer=written(text),
                    )
                )
    return folder


def study(
    folder: Path,
    quality: Quality,
    *,
    cases: int = 2,
    systems: Sequence[str] = ("gptx", "gptx+rag"),
    raters: Sequence[str] = ("甲", "乙", "丙", "丁"),
    repeats: float = 0.1,
    per_case: int | None = None,
    protocol: Protocol = PROTOCOL,
) -> Created:
    own = shipped(cases)
    runs = {system: run(folder / system, system, own, quality) for system in systems}
    return create(
        folder / "study.sqlite", own, protocol, runs, raters, per_case=per_case, repeats=repeats, seed=7
    )


def ids() -> Iterator[str]:
    """Event ids as the page makes them."""
    number = 0
    while True:
        number += 1
        yield f"event-{number:026d}"
