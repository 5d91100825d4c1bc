"""PubMedQA: research questions answered yes, no or maybe.

Jin et al., EMNLP 2019, doi:10.18653/v1/D19-1259. MIT. ``ori_pqal.json`` (1,000 by PMID); with
``test_ground_truth.json`` beside it, the official test of 500. Three settings, each a task:
reasoning-required shows the abstract without its conclusion, reasoning-free the conclusion (``LONG_ANSWER``)
instead, question-only neither; the last with retrieval is MIRAGE's PubMedQA*. An index that holds the
abstracts leaks the answer to it, and every item names its PMID so that a run can say so.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from benchmarks.errors import TaskDataError
from benchmarks.metrics import macro_f1, official_macro_f1
from benchmarks.parsing import Parsed
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

WORDS = {"A": "yes", "B": "no", "C": "maybe"}
_LETTERS = {word: letter for letter, word in WORDS.items()}

Setting = Literal["required", "free", "question"]


def read(files: Files, *, setting: Setting) -> tuple[Item, ...]:
    """The test items where the official split is there, else all."""
    truth: dict[str, str] | None = None
    rows: dict[str, Any] | None = None
    where = "ori_pqal.json"
    for name, text in files.items():
        if is_mirage(name):
            return tuple(mirage_items(name, text, "pubmedqa"))
        value = json_value(name, text)
        if not isinstance(value, dict):
            raise TaskDataError(name, None, "an object by PMID is expected")
        if all(isinstance(entry, str) for entry in value.values()):
            truth = value
        else:
            rows, where = value, name
    if rows is None:
        raise TaskDataError(where, None, "is missing: test_ground_truth.json alone holds no questions")
    chosen = list(rows) if truth is None else [pmid for pmid in rows if pmid in truth]
    if truth is not None and len(chosen) != len(truth):
        raise TaskDataError(where, None, f"lacks {len(truth) - len(chosen)} questions of the test split")
    return tuple(_item(pmid, rows[pmid], truth, where, setting) for pmid in chosen)


def _item(pmid: str, row: Any, truth: dict[str, str] | None, where: str, setting: Setting) -> Item:
    place = f"{where} (PMID {pmid})"
    if not isinstance(row, dict):
        raise TaskDataError(place, None, "an object is expected")
    decision = truth[pmid] if truth is not None else string(row, "final_decision", place, None)
    if decision not in _LETTERS:
        raise TaskDataError(place, None, f"the decision is {decision!r}, not yes, no or maybe")
    match setting:
        case "required":
            context = "\n".join(row.get("CONTEXTS") or ())
        case "free":
            context = string(row, "LONG_ANSWER", place, None)
        case "question":
            context = ""
    return choice_item(
        pmid,
        string(row, "QUESTION", place, None),
        WORDS,
        _LETTERS[decision],
        name=place,
        line=None,
        context=context,
        source_ids=(pmid,),
    )


def official(reply: str, item: Item) -> Parsed:
    """PubMedQA's own files of predictions hold the bare word; anything else is a class of its own."""
    del item
    letter = _LETTERS.get(reply)
    return (
        Parsed(status="parsed", value=(letter,), rule="word")
        if letter
        else Parsed(status="unparsed", rule="word")
    )


def metrics(judged: Sequence[Judged], *, official_words: bool) -> Metrics:
    """Macro-F1 beside the accuracy, and both under the official reading."""
    gold, read_labels = letters(judged)
    found: Metrics = {"macro_f1": macro_f1(gold, read_labels, tuple(WORDS))}
    if official_words:
        words = [WORDS[label] for label in gold]
        replies = [entry.reply or "" for entry in judged]
        found["official/accuracy"] = sum(map(str.__eq__, words, replies)) / len(words) if words else 0.0
        found["official/macro_f1"] = official_macro_f1(words, replies)
    else:
        found |= mirage_metrics(judged)
    return found


_SETTINGS: tuple[tuple[Setting, str, str | None, str], ...] = (
    ("required", "reasoning required", None, "the abstract is shown with the question"),
    ("free", "reasoning free", None, "the conclusion is shown with the question"),
    ("question", "question only (PubMedQA* with retrieval)", "pubmed", ""),
)

TASKS = tuple(
    Task(
        task_id=f"pubmedqa-{setting}",
        title=f"PubMedQA, {what}",
        data_sets=("pubmedqa", "mirage"),
        corpus=corpus,
        without_retrieval=why,
        patterns=("ori_pqal.json", "test_ground_truth.json", "benchmark.json"),
        companions=("test_ground_truth.json", "ori_pqal.json"),
        read=partial(read, setting=setting),
        prompt=ask,
        official=mirage_official if setting == "question" else official,
        metrics=partial(metrics, official_words=setting != "question"),
    )
    for setting, what, corpus, why in _SETTINGS
)
