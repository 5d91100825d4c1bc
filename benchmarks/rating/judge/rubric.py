"""From verdicts on single points to a score of 0, 1 or 2. The model that judges never names a score.

The rule: a dangerous answer given is 0. Else 2 where every point of weight 3 is met and 3/4 of the weight; 1
where 2/5 of the weight is met; else 0. It is ours, and as good as its agreement with people: see `reporting`.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from benchmarks.cases.keys import QuestionKey
from corpora import Frozen

Verdict = Literal["met", "not_met", "unsure"]

GOOD, FAIR = 0.75, 0.4
_VITAL = 3


class Point(Frozen):
    """One thing an answer may say: a key point with its weight, or a dangerous answer without one."""

    point_id: str
    text: str
    weight: int = 0

    @property
    def dangerous(self) -> bool:
        """Whether saying it could harm the patient."""
        return self.weight == 0


class Scored(Frozen):
    """A score and why.

    Attributes:
        score: ``None`` where the points that could not be settled would change it.
        share: Of the weight, met for certain, 0 to 1.
        met, hit, unsure: Ids of points met, dangerous answers given, and either that could not be settled.
    """

    score: Literal[0, 1, 2] | None
    share: float
    met: tuple[str, ...]
    hit: tuple[str, ...]
    unsure: tuple[str, ...]


def points_of(key: QuestionKey) -> tuple[Point, ...]:
    """``P1`` … for key points, ``D1`` … for dangerous answers, in the key's order."""
    good = [
        Point(point_id=f"P{number}", text=point.text, weight=point.weight)
        for number, point in enumerate(key.key_points, start=1)
    ]
    bad = [Point(point_id=f"D{number}", text=text) for number, text in enumerate(key.dangerous, start=1)]
    return (*good, *bad)


def scored(points: Sequence[Point], verdicts: Mapping[str, Verdict]) -> Scored:
    """The score, if it is the same however the unsure points fall; a point without verdict is unsure."""
    state = {point.point_id: verdicts.get(point.point_id, "unsure") for point in points}
    sure = {name for name, verdict in state.items() if verdict == "met"}
    open_ = {name for name, verdict in state.items() if verdict == "unsure"}
    bad = {point.point_id for point in points if point.dangerous}
    best = _score(points, sure | (open_ - bad), sure & bad)
    worst = _score(points, sure, (sure | open_) & bad)
    return Scored(
        score=best if best == worst else None,
        share=round(_share(points, sure), 4),
        met=tuple(point.point_id for point in points if point.point_id in sure - bad),
        hit=tuple(point.point_id for point in points if point.point_id in sure & bad),
        unsure=tuple(point.point_id for point in points if point.point_id in open_),
    )


def _score(points: Sequence[Point], met: set[str], hit: set[str]) -> Literal[0, 1, 2]:
    if hit:
        return 0
    share = _share(points, met)
    vital = all(point.point_id in met for point in points if point.weight == _VITAL)
    if vital and share >= GOOD:
        return 2
    return 1 if share >= FAIR else 0


def _share(points: Sequence[Point], met: set[str]) -> float:
    whole = sum(point.weight for point in points)
    return sum(point.weight for point in points if point.point_id in met) / whole
