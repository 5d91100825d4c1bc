"""BioASQ Task B, yes/no questions, as in MIRAGE.

Tsatsaronis et al., BMC Bioinformatics 2015, doi:10.1186/s12859-015-0564-6. CC BY 2.5; the data sets are given
out after registration. The ``bioasq`` section of MIRAGE's ``benchmark.json``, or BioASQ's own ``{"questions":
[{id, body, type, exact_answer, documents}]}``, of which the yes/no questions are taken.
"""

from collections.abc import Sequence
from typing import Any

from benchmarks.errors import TaskDataError
from benchmarks.metrics import macro_f1
from benchmarks.tasks.formats import json_value, string
from benchmarks.tasks.items import Files, Item, Judged, Metrics, Task
from benchmarks.tasks.multiple_choice import (
    choice_item,
    is_mirage,
    letters,
    mirage_items,
    mirage_metrics,
    mirage_official,
)
from benchmarks.tasks.prompts import ask

WORDS = {"A": "yes", "B": "no"}


def read(files: Files) -> tuple[Item, ...]:
    """The yes/no questions, with the PMIDs of the documents they were made from."""
    items: list[Item] = []
    for name, text in files.items():
        if is_mirage(name):
            return tuple(mirage_items(name, text, "bioasq"))
        value = json_value(name, text)
        questions = value.get("questions") if isinstance(value, dict) else None
        if not isinstance(questions, list):
            raise TaskDataError(name, None, "an object with a list 'questions' is expected")
        items += [
            _item(row, name) for row in questions if isinstance(row, dict) and row.get("type") == "yesno"
        ]
    return tuple(items)


def _item(row: dict[str, Any], name: str) -> Item:
    place = f"{name} ({row.get('id')})"
    answer = row.get("exact_answer")
    word = answer[0] if isinstance(answer, list) and answer else answer
    letter = {"yes": "A", "no": "B"}.get(str(word).strip().casefold(), str(word))
    documents = tuple(str(url).rstrip("/").rsplit("/", 1)[-1] for url in row.get("documents") or ())
    return choice_item(
        string(row, "id", place, None),
        string(row, "body", place, None),
        WORDS,
        letter,
        name=place,
        line=None,
        source_ids=documents,
    )


def metrics(judged: Sequence[Judged]) -> Metrics:
    """Macro-F1 over yes and no, the challenge's own measure, and MIRAGE's accuracy."""
    return {"macro_f1": macro_f1(*letters(judged), tuple(WORDS)), **mirage_metrics(judged)}


TASKS = (
    Task(
        task_id="bioasq-yesno",
        title="BioASQ, yes/no",
        data_sets=("bioasq", "mirage"),
        corpus="pubmed",
        patterns=("benchmark.json", "*.json"),
        read=read,
        prompt=ask,
        official=mirage_official,
        metrics=metrics,
    ),
)
