"""JMED-LLM: eight Japanese clinical language tasks of 100 items each.

Sociocom, NAIST; sociocom/JMED-LLM @3774a34. CC BY 4.0, but jmmlu_med CC BY-SA 4.0, nrner and jcsts CC
BY-NC-SA 4.0. One CSV a task: ``tag, question, optionA.., answer``, or for extraction ``tag, question,
answer`` with a Python list literal. Ids are row numbers counted from 0.

Official figures are computed as upstream does from the same replies and stand under ``official/``. Faults of
the official scorer: the first letter A-F anywhere is the choice (the D of "DIC" too), an unreadable reply is
a category of its own that sorts after F, partial F1 is broken (``official_partial_f1``), and replies are run
through ``eval()``; here only literals are read.
"""

from collections.abc import Sequence
from functools import partial

from benchmarks.errors import TaskDataError
from benchmarks.metrics import (
    exact_f1,
    kappa,
    official_exact_f1,
    official_kappa,
    official_partial_f1,
    partial_f1,
    without_empty,
)
from benchmarks.parsing import Expected, Parsed
from benchmarks.parsing import official as official_parsers
from benchmarks.parsing.entities import list_literal
from benchmarks.tasks.formats import csv_rows, string
from benchmarks.tasks.items import Files, Item, Judged, Metrics, Task
from benchmarks.tasks.multiple_choice import choice_item, letters
from benchmarks.tasks.prompts import ask

_ORDINAL = frozenset({"crade", "jcsts"})
"""Tasks whose choices are a scale: kappa is weighted linearly."""


def read_choices(files: Files) -> tuple[Item, ...]:
    """Items of a multiple-choice task; empty options are none."""
    items: list[Item] = []
    for name, text in files.items():
        for line, row in csv_rows(name, text):
            choices = {
                letter: row[f"option{letter}"]
                for letter in "ABCDEF"
                if row.get(f"option{letter}", "").strip()
            }
            items.append(
                choice_item(
                    str(len(items)),
                    string(row, "question", name, line),
                    choices,
                    string(row, "answer", name, line),
                    name=name,
                    line=line,
                    tags={"tag": row.get("tag", "")},
                )
            )
    return tuple(items)


def read_entities(files: Files) -> tuple[Item, ...]:
    """Items of an extraction task."""
    items: list[Item] = []
    for name, text in files.items():
        for line, row in csv_rows(name, text):
            gold = list_literal(string(row, "answer", name, line))
            if gold is None:
                raise TaskDataError(name, line, "'answer' is no list of strings")
            items.append(
                Item(
                    item_id=str(len(items)),
                    question=string(row, "question", name, line),
                    expected=Expected(kind="entities"),
                    gold=(tuple(gold),),
                    tags={"tag": row.get("tag", "")},
                )
            )
    return tuple(items)


def official_choice(reply: str, item: Item) -> Parsed:
    """The first of A to F."""
    del item
    letter = official_parsers.jmed_llm_choice(reply)
    if letter == "None":
        return Parsed(status="unparsed", rule="no_letter")
    return Parsed(status="parsed", value=(letter,), rule="first_letter")


def official_entities(reply: str, item: Item) -> Parsed:
    """A list literal; whatever else is an empty list."""
    del item
    return Parsed(status="parsed", value=tuple(official_parsers.jmed_llm_entities(reply)), rule="literal")


def choice_metrics(judged: Sequence[Judged], *, linear: bool) -> Metrics:
    """Kappa of the readings, and upstream's accuracy and kappa."""
    gold, labels_read = letters(judged)
    categories = max((entry.item.expected.labels for entry in judged), key=len, default=())
    said = [official_parsers.jmed_llm_choice(entry.reply or "") for entry in judged]
    return {
        "kappa": kappa(gold, labels_read, categories, linear=linear),
        "official/accuracy": sum(map(str.__eq__, gold, said)) / len(gold) if gold else 0.0,
        "official/kappa": official_kappa(gold, said, linear=linear),
    }


def entity_metrics(judged: Sequence[Judged]) -> Metrics:
    """Exact and partial F1, as they should be and as upstream computes them."""
    gold = [entry.item.gold[0] for entry in judged]
    read = [entry.parsed.value for entry in judged]
    said = [official_parsers.jmed_llm_entities(entry.reply or "") for entry in judged]
    return {
        "exact_f1": exact_f1(gold, read),
        "partial_f1": partial_f1(gold, read),
        "partial_f1_without_empty": partial_f1(gold, without_empty(read)),
        "official/exact_f1": official_exact_f1(gold, said),
        "official/partial_f1": official_partial_f1(gold, said),
    }


_CHOICE_TASKS = (
    ("jmmlu_med", "医学知識の4択", "wikipedia-ja-medical", ""),
    ("crade", "症例報告の有害事象の可能性", None, "the case report is in the question"),
    ("rrtnm", "読影レポートのTNM分類", None, "the report is in the question"),
    ("smdis", "投稿者の病気の有無", None, "the post is in the question"),
    ("jcsts", "2文の意味の類似度", None, "the two sentences are in the question"),
)
_ENTITY_TASKS = (
    ("mrner_disease", "症例報告からの病変・症状の抽出"),
    ("mrner_medicine", "症例報告からの医薬品情報の抽出"),
    ("nrner", "看護記録からの症状・医薬品の抽出"),
)

TASKS = (
    *(
        Task(
            task_id=f"jmed-llm/{name}",
            title=f"JMED-LLM {name}: {what}",
            data_sets=(f"jmed-llm/{name}",),
            corpus=corpus,
            without_retrieval=why,
            patterns=(f"{name}.csv",),
            read=read_choices,
            prompt=ask,
            official=official_choice,
            metrics=partial(choice_metrics, linear=name in _ORDINAL),
        )
        for name, what, corpus, why in _CHOICE_TASKS
    ),
    *(
        Task(
            task_id=f"jmed-llm/{name}",
            title=f"JMED-LLM {name}: {what}",
            data_sets=(f"jmed-llm/{name}",),
            corpus=None,
            without_retrieval="entities are copied from the question's own text",
            patterns=(f"{name}.csv",),
            read=read_entities,
            prompt=ask,
            official=official_entities,
            metrics=entity_metrics,
        )
        for name, what in _ENTITY_TASKS
    ),
)
