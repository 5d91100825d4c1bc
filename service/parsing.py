"""Read a model's structured replies, strictly: what does not parse is counted, never guessed at."""

import json

from pydantic import Field, ValidationError

from corpora import Frozen
from service.answers import PlannedStep


class _PlannedStep(Frozen):
    sub_question: str = Field(min_length=1, max_length=1_000)
    query: str = Field(min_length=1, max_length=1_000)


class _Plan(Frozen):
    steps: tuple[_PlannedStep, ...] = Field(min_length=1)


def parse_plan(reply: str, max_steps: int) -> tuple[PlannedStep, ...] | None:
    """The planned steps, numbered from 1, or ``None`` if the reply is not the JSON that was asked for.

    Further steps than ``max_steps`` are dropped, as are repetitions of a step.
    """
    try:
        plan = _Plan.model_validate_json(bare(reply))
    except ValidationError:
        return None
    texts = dict.fromkeys((step.sub_question.strip(), step.query.strip()) for step in plan.steps)
    kept = [(sub_question, query) for sub_question, query in texts if sub_question and query][:max_steps]
    if not kept:
        return None
    return tuple(
        PlannedStep(number=number, sub_question=sub_question, query=query)
        for number, (sub_question, query) in enumerate(kept, start=1)
    )


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
