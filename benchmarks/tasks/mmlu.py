"""MMLU's medical subjects in English, and JMMLU's in Japanese.

Hendrycks et al., ICLR 2021, arXiv:2009.03300 (MIT); JMMLU, nlp-waseda (CC BY-SA 4.0). CSV files without a
header, one a subject: question, A, B, C, D, right letter; or the ``mmlu`` section of MIRAGE's
``benchmark.json``.

Ids are row numbers counted from 0: of the file, or, where a folder is given, through all its subjects in
file-name order. ``{subject}-{row}`` names the same item.
"""

from benchmarks.errors import TaskDataError
from benchmarks.tasks.formats import csv_lists
from benchmarks.tasks.items import Files, Item, Task
from benchmarks.tasks.multiple_choice import (
    choice_item,
    is_mirage,
    mirage_items,
    mirage_metrics,
    mirage_official,
)
from benchmarks.tasks.prompts import ask


def read(files: Files) -> tuple[Item, ...]:
    """Items of all subjects, each with its subject as a tag."""
    items: list[Item] = []
    for name, text in files.items():
        if is_mirage(name):
            return tuple(mirage_items(name, text, "mmlu"))
        subject = name.rsplit("/", 1)[-1].removesuffix(".csv").removesuffix("_test")
        for row, (line, fields) in enumerate(csv_lists(name, text)):
            if len(fields) != 6:
                raise TaskDataError(
                    name, line, f"{len(fields)} fields where 6 are expected: question, A, B, C, D, answer"
                )
            items.append(
                choice_item(
                    str(len(items)),
                    fields[0],
                    dict(zip("ABCD", fields[1:5], strict=True)),
                    fields[5].strip(),
                    name=name,
                    line=line,
                    tags={"subject": subject},
                    aliases=(f"{subject}-{row}", f"{subject}/{row}"),
                )
            )
    return tuple(items)


TASKS = (
    Task(
        task_id="mmlu-med",
        title="MMLU, medical subjects",
        data_sets=("mmlu", "mirage"),
        corpus="pubmed",
        patterns=("*.csv", "benchmark.json"),
        read=read,
        prompt=ask,
        official=mirage_official,
        metrics=mirage_metrics,
    ),
    Task(
        task_id="jmmlu-med",
        title="JMMLU, medical subjects",
        data_sets=("jmmlu",),
        corpus="wikipedia-ja-medical",
        patterns=("*.csv",),
        read=read,
        prompt=ask,
        metrics=lambda judged: {},
    ),
)
