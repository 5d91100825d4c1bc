"""IgakuQA119: the 119th Japanese national medical licensing examination (2025), 400 questions.

docto-rin/IgakuQA119 @2d94239, Apache-2.0 (the repository); the questions may have other owners.
``questions/119{A..F}_json.json`` (``number, question, choices, has_image``) and ``correct_answers.csv``
(``問題番号, 解答``). Ids are question numbers, 119A1.

B26 to 50 and E26 to 50 are worth 3 points, the others 1 (500 in all); 119E28 accepts a or c. Letters are
compared sorted. Numbers are compared as numbers; the official scorer sorts their characters too and stands
under ``official/``.
"""

import re
from collections.abc import Sequence
from typing import Any

from benchmarks.errors import TaskDataError
from benchmarks.parsing import Expected, Parsed
from benchmarks.parsing import official as official_parsers
from benchmarks.tasks.exam import REQUIRED_SECTIONS, official_points, report
from benchmarks.tasks.formats import csv_rows, json_value, string
from benchmarks.tasks.items import Files, Item, Judged, Metrics, Task
from benchmarks.tasks.prompts import ask
from benchmarks.tasks.stems import asks_for_the_wrong_one

ALTERNATIVES: dict[str, tuple[tuple[str, ...], ...]] = {"119E28": (("a",), ("c",))}
LABELS = tuple("abcde")

_NUMBER = re.compile(r"(?P<round>\d{3})(?P<section>[A-F])(?P<number>\d{1,3})")
_CHOICE = re.compile(r"\s*([a-e])\s*[.．、]\s*(.*)", re.DOTALL)
_UNIT = re.compile(r"\(\s*\)\s*(?P<unit>[A-Za-z%％/]+)\s*$")


def read(files: Files) -> tuple[Item, ...]:
    """Items in file order. A question without an answer in the table is an error."""
    answers: dict[str, str] = {}
    for name, text in files.items():
        if name.endswith(".csv"):
            for line, fields in csv_rows(name, text):
                answers[string(fields, "問題番号", name, line)] = (
                    string(fields, "解答", name, line).strip().lower()
                )
    if not answers:
        raise TaskDataError("correct_answers.csv", None, "is missing: it holds the right answers")
    items: list[Item] = []
    for name, text in files.items():
        if name.endswith(".json"):
            rows = json_value(name, text)
            if not isinstance(rows, list):
                raise TaskDataError(name, None, "a list of questions is expected")
            items += [_item(name, row, answers) for row in rows]
    return tuple(items)


def _item(name: str, row: Any, answers: dict[str, str]) -> Item:
    if not isinstance(row, dict):
        raise TaskDataError(name, None, "a list of objects is expected")
    number = string(row, "number", name, None)
    place = _NUMBER.fullmatch(number)
    if place is None:
        raise TaskDataError(name, None, f"the number {number!r} is not of the form 119A1")
    if number not in answers:
        raise TaskDataError(name, None, f"{number} has no row in correct_answers.csv")
    section, answer = place.group("section"), answers[number]
    stem = string(row, "question", name, None)
    if answer.isdigit():
        unit = _UNIT.search(stem)
        expected = Expected(kind="number", unit=unit.group("unit") if unit else None)
        gold: tuple[tuple[str, ...], ...] = ((answer,),)
    else:
        if not set(answer) <= set(LABELS):
            raise TaskDataError(
                "correct_answers.csv", None, f"the answer of {number} is {answer!r}, not letters a to e"
            )
        texts = {
            found.group(1): found.group(2).strip()
            for text in row.get("choices") or ()
            if (found := _CHOICE.fullmatch(str(text)))
        }
        expected = Expected(
            kind="choices",
            labels=LABELS,
            texts=tuple(texts.get(label, "") for label in LABELS),
            negative=asks_for_the_wrong_one(stem),
        )
        gold = ALTERNATIVES.get(number) or (tuple(sorted(answer)),)
    required = section in REQUIRED_SECTIONS
    return Item(
        item_id=number,
        question=stem,
        expected=expected,
        gold=gold,
        points=3 if required and int(place.group("number")) >= 26 else 1,
        tags={
            "section": section,
            "group": "必修" if required else "一般・臨床",
            "image": "yes" if row.get("has_image") else "no",
        },
    )


def official(reply: str, item: Item) -> Parsed:
    """Characters sorted, brackets, commas and spaces aside."""
    del item
    said = official_parsers.igakuqa119(reply)
    return (
        Parsed(status="parsed", value=tuple(said), rule="sorted")
        if said
        else Parsed(status="unparsed", rule="empty")
    )


def official_right(entry: Judged) -> bool:
    """The official rule: the sorted characters are those of an accepted answer."""
    said = official_parsers.igakuqa119(entry.reply or "")
    return bool(said) and any(
        said == official_parsers.igakuqa119("".join(right)) for right in entry.item.gold
    )


def metrics(judged: Sequence[Judged]) -> Metrics:
    """The whole-examination report and the official score."""
    return report(judged) | official_points(judged, official_right)


TASKS = (
    Task(
        task_id="igakuqa119",
        title="医師国家試験 第119回 (IgakuQA119)",
        data_sets=("igakuqa119",),
        corpus="starter",
        patterns=("questions/*_json.json", "*_json.json", "correct_answers.csv"),
        companions=("correct_answers.csv", "../correct_answers.csv"),
        read=read,
        prompt=ask,
        official=official,
        metrics=metrics,
    ),
)
