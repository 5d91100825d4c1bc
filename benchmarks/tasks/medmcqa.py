"""MedMCQA: Indian entrance examinations (AIIMS, NEET PG), four choices.

Pal et al., CHIL 2022, PMLR 174:248. MIT (the repository); the questions may have other owners. JSON lines
``{id, question, opa, opb, opc, opd, cop, subject_name}`` or the ``medmcqa`` section of MIRAGE's
``benchmark.json``. Upstream counts ``cop`` from 1, the hub's copy from 0: a file that holds a 0 is the hub's.
"""

from benchmarks.errors import TaskDataError
from benchmarks.tasks.formats import json_or_jsonl, string
from benchmarks.tasks.items import Files, Item, Task
from benchmarks.tasks.multiple_choice import (
    choice_item,
    is_mirage,
    mirage_items,
    mirage_metrics,
    mirage_official,
)
from benchmarks.tasks.prompts import ask

_FIELDS = ("opa", "opb", "opc", "opd")


def read(files: Files) -> tuple[Item, ...]:
    """Items in file order; their ids are the data's."""
    items: list[Item] = []
    for name, text in files.items():
        if is_mirage(name):
            return tuple(mirage_items(name, text, "medmcqa"))
        rows = list(json_or_jsonl(name, text))
        numbers = {row.get("cop") for _, row in rows}
        if {0, 4} <= numbers:
            raise TaskDataError(
                name, None, "'cop' holds both 0 and 4: it counts from 0 or from 1, never both"
            )
        first = 0 if 0 in numbers else 1
        for line, row in rows:
            cop = row.get("cop")
            if not isinstance(cop, int) or isinstance(cop, bool) or not 0 <= cop - first < len(_FIELDS):
                raise TaskDataError(name, line, f"'cop' is {cop!r}: the row has no known right answer")
            choices = dict(zip("ABCD", (string(row, field, name, line) for field in _FIELDS), strict=True))
            items.append(
                choice_item(
                    str(row.get("id", len(items))),
                    string(row, "question", name, line),
                    choices,
                    "ABCD"[cop - first],
                    name=name,
                    line=line,
                    tags={"subject": str(row.get("subject_name") or "")},
                )
            )
    return tuple(items)


TASKS = (
    Task(
        task_id="medmcqa",
        title="MedMCQA",
        data_sets=("medmcqa", "mirage"),
        corpus="pubmed",
        patterns=("*.json", "*.jsonl"),
        read=read,
        prompt=ask,
        official=mirage_official,
        metrics=mirage_metrics,
    ),
)
