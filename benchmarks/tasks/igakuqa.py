"""IgakuQA: the Japanese national medical licensing examination, 2018 to 2022 (rounds 112 to 116).

Kasai et al. 2023, arXiv:2303.18027; jungokasai/IgakuQA. JSON lines ``{year}/{round}-{A..F}.jsonl`` with
``problem_id, problem_text, choices, text_only, answer, points`` and ``…_metadata.jsonl`` with ``problem_id,
category, kinki, human_accuracy, breakdown``. Ids are problem ids.

The official rule, kept: answers are compared as sorted lists; 116A71 is always right; 112B30 accepts a or d;
the score is the sum of points. Two of the official scorer's habits are kept under ``official/`` only: it
splits the bare reply at commas, and compares numbers as text, so that 2.1 is wrong where the mark sheet reads
``①.②`` and the data hold the digits ``21``. The strict score accepts both.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from benchmarks.errors import TaskDataError
from benchmarks.parsing import Expected, Parsed
from benchmarks.parsing import official as official_parsers
from benchmarks.tasks.exam import REQUIRED_SECTIONS, official_points, report
from benchmarks.tasks.formats import jsonl_rows, string
from benchmarks.tasks.items import Files, Item, Judged, Metrics, Task
from benchmarks.tasks.prompts import ask
from benchmarks.tasks.stems import asks_for_the_wrong_one

ALWAYS_RIGHT = frozenset({"116A71"})
ALTERNATIVES: dict[str, tuple[tuple[str, ...], ...]] = {"112B30": (("a",), ("d",))}

_PROBLEM_ID = re.compile(r"(?P<round>\d{3})(?P<section>[A-F])(?P<number>\d{1,3})")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TEMPLATE = re.compile(r"解答[:：]\s*(?P<boxes>[\d,，.．\s]*[①②③④][①②③④.．,，\s]*)(?P<unit>[^\s。]*)")
_FILE = re.compile(r"\d{3}-[A-F](?P<metadata>_metadata)?\.jsonl")


def read(files: Files) -> tuple[Item, ...]:
    """Items in file order, with what the metadata says of them where it is there."""
    metadata: dict[str, tuple[str, int, dict[str, Any]]] = {}
    problems: list[tuple[str, int, dict[str, Any]]] = []
    for name, text in files.items():
        found = _FILE.fullmatch(name.rsplit("/", 1)[-1])
        if found and found.group("metadata"):
            for line, row in jsonl_rows(name, text):
                metadata[string(row, "problem_id", name, line)] = (name, line, row)
        elif found or len(files) == 1:
            problems += [(name, line, row) for line, row in jsonl_rows(name, text)]
    return tuple(_item(name, line, row, metadata) for name, line, row in problems)


def _item(
    name: str, line: int, row: dict[str, Any], metadata: dict[str, tuple[str, int, dict[str, Any]]]
) -> Item:
    problem_id = string(row, "problem_id", name, line)
    place = _PROBLEM_ID.fullmatch(problem_id)
    if place is None:
        raise TaskDataError(name, line, f"the problem id {problem_id!r} is not of the form 116A71")
    stem = string(row, "problem_text", name, line)
    choices, answer = row.get("choices"), row.get("answer")
    if not isinstance(choices, list) or not all(isinstance(text, str) for text in choices):
        raise TaskDataError(name, line, "the field 'choices' must be a list of texts")
    if not isinstance(answer, list) or not answer or not all(isinstance(text, str) for text in answer):
        raise TaskDataError(name, line, "the field 'answer' must be a list of texts that is not empty")
    try:
        points = int(row.get("points", 1))
    except (TypeError, ValueError):
        raise TaskDataError(name, line, f"'points' is {row.get('points')!r}, no whole number") from None
    expected, gold = _answer(problem_id, stem, choices, answer, name, line)
    more = metadata.get(problem_id)
    group = "必修" if place.group("section") in REQUIRED_SECTIONS else "一般・臨床"
    tags = {"round": place.group("round"), "section": place.group("section"), "group": group}
    if isinstance(row.get("text_only"), bool):
        tags["image"] = "no" if row["text_only"] else "yes"
    if more and isinstance(more[2].get("category"), str):
        tags["category"] = more[2]["category"]
    return Item(
        item_id=problem_id,
        question=stem,
        expected=expected,
        gold=gold,
        always_right=problem_id in ALWAYS_RIGHT,
        points=points,
        tags=tags,
        contraindicated=tuple(
            char for text in (more[2].get("kinki") or () if more else ()) for char in str(text)
        ),
        human_accuracy=_share(*more) if more else None,
    )


def _answer(
    problem_id: str, stem: str, choices: list[str], answer: list[str], name: str, line: int
) -> tuple[Expected, tuple[tuple[str, ...], ...]]:
    if not choices:
        if len(answer) != 1 or not _NUMBER.fullmatch(answer[0]):
            raise TaskDataError(
                name, line, f"{problem_id} has no choices, so its answer must be one number, not {answer}"
            )
        found = _TEMPLATE.search(stem)
        template = found.group("boxes").strip().replace("．", ".") if found else None
        unit = (found.group("unit") or None) if found else None
        return Expected(kind="number", template=template, unit=unit), _numbers(answer[0], template)
    labels = tuple("abcdefghijklmnopqrstuvwxyz"[: len(choices)])
    gold = ALTERNATIVES.get(problem_id) or _alternatives(answer)
    if unknown := {label for right in gold for label in right} - set(labels):
        raise TaskDataError(
            name, line, f"the answer {', '.join(sorted(unknown))} is none of {', '.join(labels)}"
        )
    return Expected(
        kind="choices", labels=labels, texts=tuple(choices), negative=asks_for_the_wrong_one(stem)
    ), gold


def _alternatives(answer: list[str]) -> tuple[tuple[str, ...], ...]:
    """``["a or d"]`` accepts either; a list of labels accepts them all together."""
    if len(answer) == 1 and " or " in answer[0]:
        return tuple((label.strip(),) for label in answer[0].split(" or "))
    return (tuple(sorted(answer)),)


def _numbers(digits: str, template: str | None) -> tuple[tuple[str, ...], ...]:
    """The answer as the data hold it, and the number that its digits make in the boxes of the mark sheet."""
    accepted = [digits]
    boxes = re.findall("[①②③④]", template or "")
    if template and boxes and digits.isdigit() and len(digits) == len(boxes):
        filled = template
        for box, digit in zip(boxes, digits, strict=True):
            filled = filled.replace(box, digit)
        filled = re.sub(r"[,，\s]", "", filled)
        if Decimal(filled) != Decimal(digits):
            accepted.append(filled)
    return tuple((number,) for number in accepted)


def _share(name: str, line: int, row: dict[str, Any]) -> float | None:
    value = row.get("human_accuracy")
    if value in (None, ""):
        return None
    try:
        return float(str(value)) / 100
    except ValueError:
        raise TaskDataError(name, line, f"'human_accuracy' is {value!r}, no per cent") from None


def official(reply: str, item: Item) -> Parsed:
    """The bare reply split at commas."""
    del item
    if not reply:
        return Parsed(status="unparsed", rule="empty")
    return Parsed(status="parsed", value=tuple(official_parsers.igakuqa(reply)), rule="commas")


def official_right(entry: Judged) -> bool:
    """The official rule on the official reading."""
    said = tuple(official_parsers.igakuqa(entry.reply or ""))
    digits_as_written = entry.item.gold[:1] if entry.item.expected.kind == "number" else entry.item.gold
    return entry.item.always_right or said in digits_as_written


def metrics(judged: Sequence[Judged]) -> Metrics:
    """The whole-examination report and the official score."""
    return report(judged) | official_points(judged, official_right)


TASKS = (
    Task(
        task_id="igakuqa",
        title="医師国家試験 第112〜116回 (IgakuQA)",
        data_sets=("igakuqa",),
        corpus="starter",
        patterns=("**/[0-9][0-9][0-9]-[A-F].jsonl", "**/[0-9][0-9][0-9]-[A-F]_metadata.jsonl"),
        companions=("{stem}_metadata.jsonl",),
        read=read,
        prompt=ask,
        official=official,
        metrics=metrics,
    ),
)
