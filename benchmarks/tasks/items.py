"""The types of a task: its items, and how they are asked, read and scored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.parsing import Expected, Parsed
from corpora import Frozen

Files = Mapping[str, str]
"""Text of a data set's files by their path below the data folder, in path order."""

ParserName = Literal["strict", "official"]


class Item(Frozen):
    """One question of a data set with what is right.

    Attributes:
        item_id: As in the data: a problem id, a PMID, or the row number counted from 0.
        question: The stem, as written.
        expected: The form of answer asked for; it never holds the gold.
        gold: The accepted answers, each a tuple as ``Parsed.value`` (labels, one number, entities).
        always_right: Any reply is right: the examiners withdrew the question.
        points: What a right answer is worth.
        context: Text that the task itself shows with the question (an abstract).
        source_ids: Documents that hold the answer; evidence that names one is a leak.
        tags: What the item is grouped by in reports.
        aliases: Other ids that predictions may use for the item.
        contraindicated: Labels whose choice would harm the patient (禁忌肢).
        human_accuracy: Share of human examinees who were right, 0 to 1.
    """

    item_id: str
    question: str
    expected: Expected
    gold: tuple[tuple[str, ...], ...]
    always_right: bool = False
    points: int = 1
    context: str = ""
    source_ids: tuple[str, ...] = ()
    tags: Mapping[str, str] = {}
    aliases: tuple[str, ...] = ()
    contraindicated: tuple[str, ...] = ()
    human_accuracy: float | None = None


class Judged(Frozen):
    """One item with the reply it got (``None``: none), what was read in it, and whether it is right."""

    item: Item
    reply: str | None
    parsed: Parsed
    correct: bool


Metrics = dict[str, int | float | None]


@dataclass(frozen=True)
class Task:
    """A data set as it is asked and scored; every function is pure.

    Attributes:
        data_sets: Names in the licence registry of what the task reads.
        corpus: The recipe (``corpora/recipes/``) of the corpus to retrieve from; ``None`` where retrieval
            does not apply, for the reason ``without_retrieval``.
        patterns: Files of a data folder, as shell patterns from its top.
        companions: Files that belong to a file named alone, as paths from its folder; ``{stem}`` is its name
            without the suffix.
        read: Files to items. Raises TaskDataError.
        prompt: System and user message of an item, for a model that is asked without a strategy.
        official: The data set's own parser, where it has one.
        metrics: Further figures beside the accuracy.
    """

    task_id: str
    title: str
    data_sets: tuple[str, ...]
    corpus: str | None
    patterns: tuple[str, ...]
    read: Callable[[Files], tuple[Item, ...]]
    prompt: Callable[[Item], tuple[str, str]]
    metrics: Callable[[Sequence[Judged]], Metrics]
    official: Callable[[str, Item], Parsed] | None = None
    companions: tuple[str, ...] = ()
    without_retrieval: str = ""
