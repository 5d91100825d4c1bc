"""``jmedqa case run``: answer cases question by question and keep the records."""

from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from rich.console import Console

from benchmarks.cases.checking import load_key
from benchmarks.cases.gold import gold_outputs
from benchmarks.cases.records import CaseRun
from indexer import Filters
from service.cases.agents import CaseAnswer
from service.cases.arms import Carry, CasePlan, RetrievalArm
from service.cases.asking import CASE_PROMPT_VERSION
from service.cases.cases import Case
from service.cases.protocol import Protocol
from service.cases.running import run_case
from service.errors import BadRequest
from service.generators import Generator
from service.generators.configured import configured_generator
from service.live_index import opened
from service.prompts import PROMPT_VERSION
from service.retrieval import NoRetrieval, Retriever
from service.settings import Settings
from service.strategies import STRATEGIES, StrategyName

_err = Console(stderr=True)


@dataclass(frozen=True)
class Counts:
    """What became of the questions of a run, those of earlier calls included."""

    answered: int = 0
    abstained: int = 0
    failed: int = 0
    skipped: int = 0
    forms: int = 0
    unparsed_forms: int = 0
    failed_forms: int = 0


def plan_of(
    arm: str,
    carry: str,
    strategy: str,
    per_question: list[str],
    filter_docs: list[str],
    filter_sources: list[str],
    forms: bool,
    protocol: Protocol,
) -> CasePlan:
    """The plan that the options name.

    Raises:
        BadRequest: If one is unknown, or options do not go together.
    """
    _one_of("--retrieval", arm, get_args(RetrievalArm))
    _one_of("--carry", carry, get_args(Carry))
    strategies: dict[str, StrategyName] = {}
    for item in per_question:
        question, _, name = item.partition("=")
        _one_of("--strategy-per-question", question, protocol.question_ids)
        strategies[question] = _strategy(name)
    filtered = bool(filter_docs or filter_sources)
    if filtered != (arm == "filtered"):
        raise BadRequest(
            "--retrieval filtered と --filter-doc / --filter-source は一緒に使います。",
            "--retrieval filtered goes with --filter-doc or --filter-source.",
        )
    filters = Filters(doc_ids=tuple(filter_docs) or None, sources=tuple(filter_sources) or None)
    return CasePlan.model_validate(
        {
            "arm": arm,
            "carry": carry,
            "strategy": _strategy(strategy),
            "strategies": strategies,
            "filters": filters if filtered else None,
            "forms": forms,
        }
    )


async def run_cases(
    cases: list[Case],
    protocol: Protocol,
    plan: CasePlan,
    settings: Settings,
    keys: Path,
    index: Path,
    out: Path,
) -> Counts:
    """Answer every case, going on with a run that was begun in ``out``.

    Raises:
        ServiceError: If a key, the index or the model fails; the records so far stand.
    """
    with ExitStack() as held:
        retriever: Retriever = NoRetrieval()
        terms: Any = str.split
        if plan.arm != "none":
            live = opened(index)
            held.callback(live.close)
            retriever, terms = held.enter_context(live.snapshot()), live.terms
        generator = configured_generator(settings.generator, terms)
        writes_forms = settings.generator.openai() is not None
        plan = plan if writes_forms else plan.model_copy(update={"forms": False})
        run = CaseRun(out, _about(protocol, plan, settings, retriever))
        done = run.open()
        try:
            for case in cases:
                before = done.setdefault(case.case_id, {})
                if before.keys() >= set(protocol.question_ids):
                    continue
                async with aclosing(
                    _records(case, protocol, plan, settings, keys, retriever, generator, before)
                ) as records:
                    async for record in records:
                        run.append(record)
                        before[record.question_id] = record
                        _err.print(f"{record.case_id} {record.question_id} {_word(record)}", highlight=False)
        finally:
            await generator.close()
    return counted([record for case in cases for record in done[case.case_id].values()])


def counted(records: list[CaseAnswer]) -> Counts:
    """The records counted; an abstention is no answer."""
    answers = [record.answer for record in records if record.answer is not None]
    return Counts(
        answered=sum(not answer.abstained for answer in answers),
        abstained=sum(answer.abstained for answer in answers),
        failed=sum(record.error is not None for record in records),
        skipped=sum(record.skipped is not None for record in records),
        forms=sum(record.form is not None for record in records),
        unparsed_forms=sum(record.unparsed_form is not None for record in records),
        failed_forms=sum(record.form_error is not None for record in records),
    )


def _records(
    case: Case,
    protocol: Protocol,
    plan: CasePlan,
    settings: Settings,
    keys: Path,
    retriever: Retriever,
    generator: Generator,
    before: dict[str, CaseAnswer],
) -> AsyncGenerator[CaseAnswer, None]:
    """The key is opened only by the arms that need it, and only here."""
    needs_key = plan.carry == "gold_output" or plan.arm == "oracle"
    key = load_key(keys, case.case_id) if needs_key else None
    return run_case(
        case,
        protocol,
        plan,
        retriever,
        generator,
        settings.limits,
        gold=gold_outputs(key) if key and plan.carry == "gold_output" else None,
        oracle=key.oracle_documents if key and plan.arm == "oracle" else (),
        done=before,
    )


def _about(protocol: Protocol, plan: CasePlan, settings: Settings, retriever: Retriever) -> dict[str, Any]:
    return {
        "protocol": protocol.name,
        "protocol_version": protocol.version,
        "prompt_version": f"{PROMPT_VERSION}/{CASE_PROMPT_VERSION}",
        "plan": plan.model_dump(mode="json"),
        "generation": retriever.generation,
        "generator": settings.generator.model_dump(mode="json", exclude={"api_key"}),
        "limits": settings.limits.model_dump(mode="json"),
    }


def _word(record: CaseAnswer) -> str:
    if record.answer is None:
        return "skipped" if record.skipped else f"failed ({record.error.code if record.error else '?'})"
    return "abstained" if record.answer.abstained else "answered"


def _strategy(name: str) -> StrategyName:
    for known in STRATEGIES:
        if name == known:
            return known
    _one_of("--strategy", name, tuple(STRATEGIES))
    raise AssertionError(name)


def _one_of(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        listed = " / ".join(known)
        raise BadRequest(
            f"{option} は {listed} のいずれかです。", f"{option} is one of {listed}, not {value!r}."
        )
