"""Read a model's structured replies, strictly: what does not parse is counted, never guessed at."""

import json
from collections.abc import Sequence

from pydantic import Field, ValidationError

from corpora import Frozen
from service.answers import PlannedStep


class _PlannedStep(Frozen):
    sub_question: str = Field(min_length=1, max_length=1_000)
    query: str = Field(min_length=1, max_length=1_000)
    depends_on: tuple[int, ...] = Field(default=(), max_length=20)


class _Plan(Frozen):
    steps: tuple[_PlannedStep, ...] = Field(min_length=1)


class _Query(Frozen):
    query: str = Field(min_length=1, max_length=1_000)


class _Rewritten(Frozen):
    question: str = Field(min_length=1, max_length=2_000)


class _Queries(Frozen):
    queries: tuple[str, ...] = Field(max_length=50)


class _Relevant(Frozen):
    relevant: tuple[str, ...] = Field(max_length=200)


def parse_plan(reply: str, max_steps: int) -> tuple[PlannedStep, ...] | None:
    """The planned steps, numbered from 1, or ``None`` if the reply is not the JSON that was asked for.

    Further steps than ``max_steps`` are dropped, as are repetitions of a step. A step can depend only on
    steps before it that were kept; whatever else it names is ignored, so no plan waits for itself.
    """
    try:
        plan = _Plan.model_validate_json(bare(reply))
    except ValidationError:
        return None
    kept: dict[tuple[str, str], PlannedStep] = {}
    numbers: dict[int, int] = {}
    for written, step in enumerate(plan.steps, start=1):
        text = (step.sub_question.strip(), step.query.strip())
        if not all(text) or (text not in kept and len(kept) == max_steps):
            continue
        if text not in kept:
            known = {numbers[number] for number in step.depends_on if number in numbers}
            kept[text] = PlannedStep(
                number=len(kept) + 1,
                sub_question=text[0],
                query=text[1],
                depends_on=tuple(sorted(known)),
            )
        numbers[written] = kept[text].number
    return tuple(kept.values()) or None


def parse_query(reply: str) -> str | None:
    """The query of ``{"query": "…"}``, or ``None`` if the reply is anything else."""
    try:
        return _Query.model_validate_json(bare(reply)).query.strip() or None
    except ValidationError:
        return None


def parse_rewritten(reply: str) -> str | None:
    """The question of ``{"question": "…"}``, or ``None`` if the reply is anything else."""
    try:
        return _Rewritten.model_validate_json(bare(reply)).question.strip() or None
    except ValidationError:
        return None


def parse_queries(reply: str, most: int) -> tuple[str, ...] | None:
    """The distinct queries of ``{"queries": […]}``, at most ``most``; empty where none is needed any more.

    ``None`` if the reply is anything else.
    """
    try:
        queries = _Queries.model_validate_json(bare(reply)).queries
    except ValidationError:
        return None
    return tuple(dict.fromkeys(text for query in queries if (text := query.strip()[:1_000])))[:most]


def parse_relevant(reply: str, keys: Sequence[str]) -> tuple[str, ...] | None:
    """The keys of ``{"relevant": […]}``, in the order of ``keys``.

    ``None`` if the reply is anything else, or names a key that was not shown.
    """
    try:
        named = set(_Relevant.model_validate_json(bare(reply)).relevant)
    except ValidationError:
        return None
    return None if named - set(keys) else tuple(key for key in keys if key in named)


class Chosen(Frozen):
    """A choice that was read: one of the labels, or ``None`` where the model names none."""

    label: str | None


def parse_choice(reply: str, labels: tuple[str, ...]) -> Chosen | None:
    """The choice, or ``None`` if the reply is anything but ``{"choice": label or null}``."""
    try:
        value = json.loads(bare(reply), object_pairs_hook=list)  # pairs: a repeated key stays visible
    except (ValueError, RecursionError):
        return None
    match value:
        case [("choice", label)]:
            pass
        case _:
            return None
    if label is None or (isinstance(label, str) and label in labels):
        return Chosen(label=label)
    return None


def bare(reply: str) -> str:
    """Without the Markdown fence many models put around JSON; nothing else is forgiven."""
    text = reply.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        text = text[text.index("\n") : -3].strip()
    return text
