"""Items with the evidence that a run retrieved for them, as a task of EleutherAI's lm-evaluation-harness.

The contexts are frozen: whoever evaluates has the very passages of the run in the prompt, without our index.
Only items with one right label are written, for the harness compares the likelihoods of the labels::

    lm_eval --model hf --model_args pretrained=… --tasks NAME --include_path OUT
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from benchmarks.errors import BadRequest
from benchmarks.runs.folder import Key, replace
from benchmarks.runs.records import PassageRecord, Record
from benchmarks.runs.scoring import ArmResult
from benchmarks.tasks import Item

_WORDS = {"ja": ("# 資料", "# 問題", "答え:"), "en": ("# Evidence", "# Question", "Answer:")}


def write_task(
    result: ArmResult, passages: Mapping[Key, PassageRecord], out: Path, name: str
) -> tuple[Path, int]:
    """``NAME.yaml`` and ``NAME.jsonl`` of an arm.

    Returns:
        The YAML file, and how many items were written.

    Raises:
        BadRequest: If no item has one right label, or the run may not hold the task's texts.
    """
    if not result.shown:
        raise BadRequest(
            f"{result.task.task_id}: its texts may not be passed on: make the run with --private, "
            "and keep what is exported to yourself"
        )
    rows = [
        row
        for judged in result.judged
        if (row := _row(judged.item, result.records.get(judged.item.item_id), passages)) is not None
    ]
    if not rows:
        raise BadRequest(f"{result.task.task_id} {result.arm.arm_id}: no item has one right label")
    out.mkdir(parents=True, exist_ok=True)
    lines = out / f"{name}.jsonl"
    replace(lines, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    described = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(lines.resolve())}},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "{{prompt}}",
        "doc_to_choice": "{{labels}}",
        "doc_to_target": "{{target}}",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": 1, "arm": result.arm.arm_id, "items": len(rows)},
    }
    file = out / f"{name}.yaml"
    replace(file, yaml.safe_dump(described, allow_unicode=True, sort_keys=False))
    return file, len(rows)


def _row(
    item: Item, record: Record | None, passages: Mapping[Key, PassageRecord]
) -> dict[str, object] | None:
    labels = list(item.expected.labels)
    if len(item.gold) != 1 or len(item.gold[0]) != 1 or item.gold[0][0] not in labels or item.always_right:
        return None
    shown = _evidence(record, passages) if record is not None else ()
    evidence, question, answer = _WORDS["ja" if any("ぁ" <= one <= "ん" for one in item.question) else "en"]
    pairs = zip(item.expected.labels, item.expected.texts, strict=False)
    choices = "\n".join(f"{label}. {text}" for label, text in pairs if text)
    known = [evidence, *(f"[{number}] {text}" for number, text in enumerate(shown, start=1))] if shown else []
    parts = [*known, question, item.context, item.question, choices, answer]
    return {
        "id": item.item_id,
        "prompt": "\n".join(part for part in parts if part.strip()),
        "labels": labels,
        "target": labels.index(item.gold[0][0]),
    }


def _evidence(record: Record, passages: Mapping[Key, PassageRecord]) -> Sequence[str]:
    ids = dict.fromkeys(passage for step in record.steps for passage in step.evidence)
    return [passages[record.generation, one].text for one in ids if (record.generation, one) in passages]
