"""Everything a report says of one run or of several, as one value."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np

from benchmarks.rating.statistics.pairwise import holm
from benchmarks.reports.paired import Difference, Interval, Values, accuracy_interval, compare
from benchmarks.runs.arms import Arm
from benchmarks.runs.records import Record
from benchmarks.runs.scoring import ArmResult
from benchmarks.settings import Family, retrieving
from benchmarks.tasks import Item
from corpora import Frozen


class ArmSummary(Frozen):
    """One arm on one task, over all repeats.

    Attributes:
        n: Items; ``accuracy`` is the mean over items of the share of repeats that were right.
        unparsed … failed: Records, not items. ``failed``: nothing arrived; ``truncated`` is no failure of
            the server's.
        missing: Items without a record: the run is not finished.
        failures: ``failed`` and ``truncated`` by kind of error.
        prompt_tokens, completion_tokens: Mean over records that count them.
        cost: Of all records together, in ``currency``; ``None`` without prices, or where a record with an
            answer counts no tokens: what is not known is not 0.
        seconds_median, seconds_p95: Of records with an answer.
        leaked: Items of which some evidence gives the answer away, by kind and in all.
        accuracy_without_leaks: Over the other items.
        metrics: The task's own, of the first repeat.
    """

    run: str
    task: str
    arm: str
    model: str
    strategy: str
    prompt: str
    repeats: int
    n: int
    accuracy: float
    interval: Interval | None
    points: float
    points_max: int
    unparsed: int
    abstained: int
    truncated: int
    failed: int
    missing: int
    failures: Mapping[str, int]
    calls: float
    prompt_tokens: float | None
    completion_tokens: float | None
    cost: float | None
    currency: str
    seconds_median: float | None
    seconds_p95: float | None
    leaked: Mapping[str, int]
    accuracy_without_leaks: float | None
    metrics: Mapping[str, int | float | None]


class Change(Frozen):
    """One item that the second arm has right and the first has not, or the other way round."""

    item: str
    fixed: bool
    evidence: tuple[str, ...]
    leaked: bool


class Comparison(Frozen):
    """Two arms on the items of one task; ``holm_p`` over the whole family."""

    task: str
    first: str
    second: str
    difference: Difference
    holm_p: float | None = None
    without_leaks: Difference | None = None
    changes: tuple[Change, ...] = ()


class Results(Frozen):
    """All of a report.

    Attributes:
        title: The run's name, or the names of those compared.
        manifests: As the runs wrote them, by run.
    """

    title: str
    family: str
    equivalence: float
    arms: tuple[ArmSummary, ...]
    comparisons: tuple[Comparison, ...]
    manifests: Mapping[str, Any]


class Column:
    """One arm of one run on one task: all its repeats together."""

    def __init__(self, run: str, results: Sequence[ArmResult], *, several: bool) -> None:
        first = results[0]
        self.run, self.task, self.arm, self.shown = run, first.task, first.arm, first.shown
        self.results = results
        self.label = f"{run}: {first.arm.arm_id}" if several else first.arm.arm_id
        self.items: dict[str, Item] = {entry.item.item_id: entry.item for entry in first.judged}
        right: defaultdict[str, list[float]] = defaultdict(list)
        for result in results:
            for entry in result.judged:
                right[entry.item.item_id].append(float(entry.correct))
        self.shares = {item: sum(marks) / len(marks) for item, marks in right.items()}

    def values(self, items: Iterable[str]) -> Values:
        """The shares of these items, with their cases."""
        chosen = tuple(items)
        return Values(
            values=tuple(self.shares[item] for item in chosen),
            cases=tuple(case_of(self.items[item]) for item in chosen),
        )

    @property
    def records(self) -> list[Record]:
        """All, of every repeat."""
        return [record for result in self.results for record in result.records.values()]

    @property
    def leaked(self) -> dict[str, set[str]]:
        """Kinds of leaks by item."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for record in self.records:
            for leak in record.leaks:
                found[record.item].add(leak.kind)
        return dict(found)


def case_of(item: Item) -> str:
    """What an item shares with others: the case it names, or the text it is asked about; else itself."""
    return item.tags.get("case") or item.context or item.item_id


def columns(runs: Mapping[str, Sequence[ArmResult]]) -> list[Column]:
    """The arms of all runs, in their order."""
    grouped: defaultdict[tuple[str, str, str], list[ArmResult]] = defaultdict(list)
    for run, results in runs.items():
        for result in results:
            grouped[run, result.task.task_id, result.arm.arm_id].append(result)
    return [Column(run, found, several=len(runs) > 1) for (run, _, _), found in grouped.items()]


def analyse(
    runs: Mapping[str, Sequence[ArmResult]],
    manifests: Mapping[str, Mapping[str, Any]],
    *,
    family: Family,
    equivalence: float,
    seed: int,
) -> Results:
    """Summaries of every arm, and the family's comparisons."""
    found = columns(runs)
    comparisons = []
    by_task: defaultdict[str, list[Column]] = defaultdict(list)
    for column in found:
        by_task[column.task.task_id].append(column)
    for task, members in by_task.items():
        for first, second in _pairs(members, family, several=len(runs) > 1):
            comparisons.append(_compared(task, first, second, equivalence, seed))
    tested = [entry for entry in comparisons if entry.difference.p is not None]
    adjusted = dict(zip(map(id, tested), holm([entry.difference.p or 0.0 for entry in tested]), strict=True))
    return Results(
        title=", ".join(runs),
        family=family if len(runs) == 1 else "runs",
        equivalence=equivalence,
        arms=tuple(map(_summary, found)),
        comparisons=tuple(
            entry.model_copy(update={"holm_p": adjusted.get(id(entry))}) for entry in comparisons
        ),
        manifests=dict(manifests),
    )


def _pairs(members: Sequence[Column], family: Family, *, several: bool) -> list[tuple[Column, Column]]:
    """The declared family within one task. Of several runs: each arm of the first against the same strategy
    and prompt of the others, whatever model they asked."""
    if several:
        first = members[0].run
        return [
            (one, other)
            for one in members
            for other in members
            if one.run == first and other.run != first and _kind(one.arm) == _kind(other.arm)
        ]
    if family == "all":
        return list(combinations(members, 2))
    return [
        (base, other)
        for base in members
        for other in members
        if not retrieving(base.arm.strategy)
        and retrieving(other.arm.strategy)
        and (base.arm.model, base.arm.prompt) == (other.arm.model, other.arm.prompt)
    ]


def _kind(arm: Arm) -> tuple[str, str]:
    return arm.strategy, arm.prompt


def _compared(task: str, first: Column, second: Column, margin: float, seed: int) -> Comparison:
    shared = [item for item in first.items if item in second.items]
    leaked = first.leaked.keys() | second.leaked.keys()
    clean = [item for item in shared if item not in leaked]
    evidence: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for record in second.records:
        for step in record.steps:
            evidence[record.item].update(dict.fromkeys(step.evidence))
    changes = [
        Change(
            item=item,
            fixed=second.shares[item] >= 0.5,
            evidence=tuple(evidence[item]),
            leaked=item in leaked,
        )
        for item in shared
        if (first.shares[item] >= 0.5) != (second.shares[item] >= 0.5)
    ]
    return Comparison(
        task=task,
        first=first.label,
        second=second.label,
        difference=compare(first.values(shared), second.values(shared), margin=margin, seed=seed),
        without_leaks=compare(first.values(clean), second.values(clean), margin=margin, seed=seed)
        if clean and len(clean) < len(shared)
        else None,
        changes=tuple(changes),
    )


def _summary(column: Column) -> ArmSummary:
    arm = column.arm
    records = column.records
    judged = [entry for result in column.results for entry in result.judged]
    statuses = Counter(entry.parsed.status for entry in judged)
    values = column.values(column.items)
    missing = len(judged) - len(records)
    leaked = column.leaked
    clean = [item for item in column.items if item not in leaked]
    seconds = [record.seconds for record in records if record.response is not None]
    score = column.results[0].score()
    return ArmSummary(
        run=column.run,
        task=column.task.task_id,
        arm=column.label,
        model=arm.model,
        strategy=arm.strategy,
        prompt=arm.prompt,
        repeats=len(column.results),
        n=len(column.items),
        accuracy=values.mean if values.values else 0.0,
        interval=accuracy_interval(values),
        points=sum(column.shares[name] * item.points for name, item in column.items.items()),
        points_max=sum(item.points for item in column.items.values()),
        unparsed=statuses["unparsed"] - missing,
        abstained=statuses["abstained"],
        truncated=statuses["truncated"],
        failed=statuses["transport_error"],
        missing=missing,
        failures=Counter(record.failure.kind for record in records if record.failure),
        calls=_mean([record.calls for record in records]) or 0.0,
        prompt_tokens=_mean([r.prompt_tokens for r in records if r.prompt_tokens is not None]),
        completion_tokens=_mean([r.completion_tokens for r in records if r.completion_tokens is not None]),
        cost=_cost(column),
        currency=column.results[0].currency,
        seconds_median=median(seconds) if seconds else None,
        seconds_p95=float(np.quantile(seconds, 0.95)) if seconds else None,
        leaked={
            "items": len(leaked),
            **Counter(kind for kinds in leaked.values() for kind in sorted(kinds)),
        },
        accuracy_without_leaks=column.values(clean).mean if clean and leaked else None,
        metrics=score.metrics,
    )


def _cost(column: Column) -> float | None:
    prices = column.results[0].prices
    answered = [record for record in column.records if record.response is not None]
    if prices is None or any(r.prompt_tokens is None or r.completion_tokens is None for r in answered):
        return None
    counted = [(r.prompt_tokens or 0, r.completion_tokens or 0) for r in answered]
    return sum(given * prices[0] + written * prices[1] for given, written in counted) / 1e6


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
