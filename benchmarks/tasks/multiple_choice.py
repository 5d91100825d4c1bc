"""What multiple-choice tasks share: items from rows, MIRAGE's benchmark file, and accuracy."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.errors import TaskDataError
from benchmarks.parsing import Expected, Parsed
from benchmarks.parsing import official as official_parsers
from benchmarks.tasks.formats import json_value, string
from benchmarks.tasks.items import Item, Judged, Metrics
from benchmarks.tasks.stems import asks_for_the_wrong_one


def choice_item(
    item_id: str,
    question: str,
    choices: Mapping[str, str],
    gold: str,
    *,
    name: str,
    line: int | None,
    **more: Any,
) -> Item:
    """A single-answer item. ``choices`` are label to text, in order; ``gold`` is a label."""
    if gold not in choices:
        raise TaskDataError(
            name, line, f"the right answer {gold!r} is none of the choices {', '.join(choices)}"
        )
    expected = Expected(
        kind="choice",
        labels=tuple(choices),
        texts=tuple(text.strip() for text in choices.values()),
        negative=asks_for_the_wrong_one(question),
    )
    return Item(item_id=item_id, question=question, expected=expected, gold=((gold,),), **more)


def options(row: Mapping[str, Any], name: str, line: int | None, count: int | None = None) -> dict[str, str]:
    """The ``options`` object of a row, label to text, in label order."""
    found = row.get("options")
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise TaskDataError(name, line, "the field 'options' must be an object of texts")
    if count is not None and len(found) != count:
        raise TaskDataError(
            name,
            line,
            f"{len(found)} choices where this task has {count}: medqa-us-4opt and -5opt are two tasks",
        )
    return dict(sorted(found.items()))


def mirage_items(name: str, text: str, section: str) -> Iterator[Item]:
    """One section of MIRAGE's ``benchmark.json``: ``{id: {question, options, answer}}``."""
    benchmark = json_value(name, text)
    rows = benchmark.get(section) if isinstance(benchmark, dict) else None
    if not isinstance(rows, dict):
        raise TaskDataError(name, None, f"no section {section!r}: MIRAGE's benchmark.json is expected")
    for item_id, row in rows.items():
        where = f"{name} ({section}/{item_id})"
        if not isinstance(row, dict):
            raise TaskDataError(where, None, "an object is expected")
        pmids = row.get("PMID", ())
        sources = tuple(map(str, pmids)) if isinstance(pmids, list) else (str(pmids),)
        yield choice_item(
            item_id,
            string(row, "question", where, None),
            options(row, where, None),
            string(row, "answer", where, None),
            name=where,
            line=None,
            source_ids=sources,
        )


def is_mirage(name: str) -> bool:
    """Whether a file is MIRAGE's benchmark of all five sets."""
    return name.rsplit("/", 1)[-1] == "benchmark.json"


def letters(judged: Sequence[Judged]) -> tuple[list[str], list[str | None]]:
    """Gold labels, and the labels read (``None`` where there is none)."""
    gold = [entry.item.gold[0][0] for entry in judged]
    read = [entry.parsed.value[0] if entry.parsed.status == "parsed" else None for entry in judged]
    return gold, read


def mirage_official(reply: str, item: Item) -> Parsed:
    """MIRAGE's parser, as a reading."""
    letter, matched = official_parsers.mirage(reply)
    return Parsed(status="parsed", value=(letter,), rule="mirage" if matched else "mirage_default")


def mirage_metrics(judged: Sequence[Judged]) -> Metrics:
    """Accuracy under MIRAGE's parser; a reply that is missing is wrong there too."""
    right = sum(
        mirage_official(entry.reply, entry.item).value in entry.item.gold
        for entry in judged
        if entry.reply is not None
    )
    return {"official/accuracy": right / len(judged) if judged else 0.0}


def no_further_metrics(judged: Sequence[Judged]) -> Metrics:
    """For tasks whose only figure is the accuracy."""
    del judged
    return {}
