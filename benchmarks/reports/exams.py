"""The licensing examination as a whole, round by round: points, 必修 and 一般・臨床, 禁忌肢, examinees."""

from collections import defaultdict
from collections.abc import Mapping

from benchmarks.reports.results import Column
from benchmarks.tasks import Judged
from benchmarks.tasks.exam import report
from corpora import Frozen

TASKS = ("igakuqa", "igakuqa119")
REQUIRED_SHARE = 0.8
"""Of the points of 必修 that the ministry asks for; what it asks of 一般・臨床 changes from year to year."""


class Group(Frozen):
    """Questions of one kind: how many, right, points."""

    n: int
    correct: int
    points: int
    points_max: int

    @property
    def share(self) -> float:
        """Of the points."""
        return self.points / self.points_max if self.points_max else 0.0


class ExamRow(Frozen):
    """One arm on one round, of the first repeat.

    Attributes:
        groups: 必修, 一般・臨床, sections, categories, with and without image, under the names of
            `benchmarks.tasks.exam.report`.
        contraindicated_items: Questions with a 禁忌肢; ``contraindicated_chosen``: answers that chose one;
            ``None`` where the data has no such marks.
        human_accuracy: The examinees' on the ``human_items`` questions that state it, and the model's on the
            same ones.
        whole: Whether all of the round's questions were drawn into the run.
    """

    task: str
    arm: str
    round: str
    total: Group
    groups: Mapping[str, Group]
    contraindicated_items: int | None
    contraindicated_chosen: int | None
    human_items: int
    human_accuracy: float | None
    model_accuracy_there: float | None


def exam_rows(columns: list[Column]) -> list[ExamRow]:
    """Every arm of every round that the runs hold."""
    rows = []
    for column in columns:
        if column.task.task_id not in TASKS:
            continue
        rounds: defaultdict[str, list[Judged]] = defaultdict(list)
        for entry in column.results[0].judged:
            rounds[entry.item.tags.get("round", entry.item.item_id[:3])].append(entry)
        rows += [_row(column, name, judged) for name, judged in sorted(rounds.items())]
    return rows


def _row(column: Column, name: str, judged: list[Judged]) -> ExamRow:
    figures = report(judged)
    names = dict.fromkeys(key.rsplit("/", 1)[0] for key in figures if key.endswith("/points_max"))
    right = [entry for entry in judged if entry.correct]
    return ExamRow(
        task=column.task.task_id,
        arm=column.label,
        round=name,
        total=Group(
            n=len(judged),
            correct=len(right),
            points=sum(entry.item.points for entry in right),
            points_max=sum(entry.item.points for entry in judged),
        ),
        groups={
            group: Group(**{field: int(figures[f"{group}/{field}"] or 0) for field in Group.model_fields})
            for group in names
        },
        contraindicated_items=_count(figures.get("禁忌肢/items")),
        contraindicated_chosen=_count(figures.get("禁忌肢/chosen")),
        human_items=int(figures.get("human/n") or 0),
        human_accuracy=figures.get("human/accuracy"),
        model_accuracy_there=figures.get("human/model_accuracy"),
    )


def _count(value: float | None) -> int | None:
    return None if value is None else int(value)
