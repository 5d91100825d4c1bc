"""Our tasks as inspect_ai tasks, and our records as its logs (https://inspect.aisi.org.uk).

Another harness, the same reading: samples are asked with the task's own prompt, and replies are read and
compared by our parser and rule. So a reply is right here if and only if it is right there::

    inspect eval benchmarks/adapters/inspect_tasks.py@jmedqa -T task=medqa-us-4opt -T data=DIR --model …
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inspect_ai import Task as InspectTask
from inspect_ai import task as inspect_task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import (
    EvalConfig,
    EvalDataset,
    EvalLog,
    EvalMetric,
    EvalResults,
    EvalSample,
    EvalScore,
    EvalSpec,
    EvalStats,
    write_eval_log,
)
from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, ModelOutput
from inspect_ai.scorer import Score, Target, accuracy, scorer, stderr
from inspect_ai.solver import TaskState, generate

from benchmarks.files import read_items
from benchmarks.parsing import parse_answer
from benchmarks.runs.arms import drawn
from benchmarks.runs.scoring import ArmResult
from benchmarks.scoring import judge
from benchmarks.tasks import Item, Judged, Task, find_task

_RIGHT, _WRONG = "C", "I"
"""inspect_ai's values for correct and incorrect."""


def sample_of(task: Task, item: Item) -> Sample:
    """An item as a sample; the gold is its target, and nothing of it stands in the input."""
    system, user = task.prompt(item)
    messages = [ChatMessageSystem(content=system)] if system else []
    return Sample(
        id=item.item_id,
        input=[*messages, ChatMessageUser(content=user)],
        target=[", ".join(right) for right in item.gold] or "",
        metadata={"item": item.model_dump_json()},
    )


def _strict_scorer() -> Any:
    async def score(state: TaskState, target: Target) -> Score:
        del target  # the item holds it, and the rule that compares
        item = Item.model_validate_json(state.metadata["item"])
        text = state.output.completion
        return score_of(judge(item, text, parse_answer(text, item.expected)))

    return score


strict = scorer(metrics=[accuracy(), stderr()], name="jmedqa_strict")(_strict_scorer)
"""Our parser and our rule of what is right."""


def score_of(judged: Judged) -> Score:
    """A judgement as a score: right or wrong, what was read, and how the reading ended."""
    return Score(
        value=_RIGHT if judged.correct else _WRONG,
        answer=", ".join(judged.parsed.value) or None,
        explanation=f"{judged.parsed.status} ({judged.parsed.rule})",
        metadata={"status": judged.parsed.status},
    )


def _jmedqa(task: str, data: str, limit: int | None = None, seed: int = 0) -> InspectTask:
    """A task of `jmedqa bench tasks`. Items are drawn as `jmedqa bench run` draws them."""
    chosen = find_task(task)
    items = drawn(read_items(chosen, Path(data)), task=task, seed=seed, limit=limit)
    samples = [sample_of(chosen, item) for item in items]
    return InspectTask(
        dataset=MemoryDataset(samples, name=task),
        solver=generate(),
        scorer=strict(),
        name=task.replace("/", "-"),
    )


jmedqa = inspect_task(name="jmedqa")(_jmedqa)


def write_logs(results: Sequence[ArmResult], out: Path, run: str, created: str) -> list[Path]:
    """One ``.eval`` log for each arm and repeat, for `inspect view`.

    Only of tasks whose texts the run was allowed to keep; the others are left out.

    Args:
        created: When the run began, ISO 8601.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for result in results:
        if not result.shown:
            continue
        name = f"{result.task.task_id}-{result.arm.arm_id}-{result.repeat}".replace("/", "-")
        file = out / f"{name}.eval"
        write_eval_log(log_of(result, run, created), str(file))
        written.append(file)
    return written


def log_of(result: ArmResult, run: str, created: str) -> EvalLog:
    """An arm's records as a log: the task's prompt, the reply, our score; steps and evidence as metadata."""
    samples = [_logged(result, judged) for judged in result.judged]
    right = sum(judged.correct for judged in result.judged)
    share = right / len(result.judged) if result.judged else 0.0
    scored = EvalScore(
        name="jmedqa_strict",
        scorer="jmedqa_strict",
        metrics={"accuracy": EvalMetric(name="accuracy", value=share)},
    )
    total = len(samples)
    return EvalLog(
        status="success",
        eval=EvalSpec(
            created=created,
            task=f"{result.task.task_id} {result.arm.strategy}/{result.arm.prompt}",
            dataset=EvalDataset(name=result.task.task_id, samples=total),
            model=f"jmedqa/{result.arm.model}",
            config=EvalConfig(epochs=1),
            metadata={"run": run, "arm": result.arm.arm_id, "repeat": result.repeat},
        ),
        results=EvalResults(total_samples=total, completed_samples=total, scores=[scored]),
        stats=EvalStats(started_at=created, completed_at=created),
        samples=samples,
    )


def _logged(result: ArmResult, judged: Judged) -> EvalSample:
    sample = sample_of(result.task, judged.item)
    record = result.records.get(judged.item.item_id)
    reply = judged.reply or ""
    asked = sample.input
    assert not isinstance(asked, str)
    kept: dict[str, Any] = {}
    if record is not None:
        kept = json.loads(record.model_dump_json(include={"steps", "cited", "verified_share", "failure"}))
    return EvalSample(
        id=judged.item.item_id,
        epoch=1,
        input=asked,
        target=sample.target,
        messages=[*asked, ChatMessageAssistant(content=reply)],
        output=ModelOutput.from_content(model=result.arm.model, content=reply),
        scores={"jmedqa_strict": score_of(judged)},
        metadata=kept,
    )
