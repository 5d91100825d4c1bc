"""MedQA, United States: USMLE-style questions with four or five choices.

Jin et al., Applied Sciences 2021, doi:10.3390/app11146421. MIT. JSON lines ``{question, options: {A: …},
answer, answer_idx}`` as upstream, or the ``medqa`` section of MIRAGE's ``benchmark.json``. Ids are row
numbers counted from 0.
"""

from functools import partial

from benchmarks.tasks.formats import jsonl_rows, string
from benchmarks.tasks.items import Files, Item, Task
from benchmarks.tasks.multiple_choice import (
    choice_item,
    is_mirage,
    mirage_items,
    mirage_metrics,
    mirage_official,
    no_further_metrics,
    options,
)
from benchmarks.tasks.prompts import ask


def read(files: Files, *, count: int) -> tuple[Item, ...]:
    """Items of all files in path order; rows are numbered through."""
    items: list[Item] = []
    for name, text in files.items():
        if is_mirage(name):
            return tuple(mirage_items(name, text, "medqa"))
        for line, row in jsonl_rows(name, text):
            items.append(
                choice_item(
                    str(len(items)),
                    string(row, "question", name, line),
                    options(row, name, line, count),
                    string(row, "answer_idx", name, line),
                    name=name,
                    line=line,
                    tags={"step": str(row.get("meta_info", ""))},
                    aliases=(f"{len(items):04d}",),
                )
            )
    return tuple(items)


TASKS = (
    Task(
        task_id="medqa-us-4opt",
        title="MedQA (US), 4 choices",
        data_sets=("medqa", "mirage"),
        corpus="medquad",
        patterns=("*.jsonl", "benchmark.json"),
        read=partial(read, count=4),
        prompt=ask,
        official=mirage_official,
        metrics=mirage_metrics,
    ),
    Task(
        task_id="medqa-us-5opt",
        title="MedQA (US), 5 choices",
        data_sets=("medqa",),
        corpus="medquad",
        patterns=("*.jsonl",),
        read=partial(read, count=5),
        prompt=ask,
        metrics=no_further_metrics,
    ),
)
