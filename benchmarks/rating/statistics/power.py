"""How many cases and raters does a difference need? Answered by simulating studies and testing each.

Cases are what counts: raters of one case see the same answers, so a second rater removes only his own
scatter, not the chance of how well a system does on that case.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.rating.statistics.design import Floats
from benchmarks.rating.statistics.pairwise import sign_flip_p, smallest_p
from benchmarks.rating.statistics.simulation import Level, Size, Variation, simulate

CONFIRMATORY = 2
"""Questions that are tested as confirmatory: Q2 and Q7."""

ENOUGH = 0.8
"""Power that a study is planned for, by convention."""

_BATCH = 250


class Power(NamedTuple):
    """The chance that a pair of systems which differ is found after Holm, for one size of study."""

    size: Size
    level: Level
    difference: float
    studies: int
    power: float
    smallest_adjusted_p: float
    """What Holm's first step gives where every case favours the same system: no study can do better."""


def power_of(
    size: Size, level: Level, difference: float, variation: Variation, *, studies: int, seed: int
) -> Power:
    """Simulate studies in which one system is worse than all others by ``difference`` points of 0–2.

    Args:
        level: "overall" plants and tests it in the mean over all questions (Holm over the pairs of systems),
            "question" in one of the two confirmatory questions (Holm over pairs × 2).

    Raises:
        ValueError: If the difference is larger than the scores leave room for.
    """
    shift = variation.shift_for(difference)
    questions = size.questions if level == "overall" else CONFIRMATORY
    shifts = np.zeros((size.systems, questions))
    shifts[0, : questions if level == "overall" else 1] = shift
    random = np.random.default_rng(seed)
    pairs = [(a, b) for a in range(size.systems) for b in range(a + 1, size.systems)]
    tests = len(pairs) * (1 if level == "overall" else CONFIRMATORY)
    permutations = max(2_000, 100 * tests)
    found = 0.0
    for start in range(0, studies, _BATCH):
        batch = min(_BATCH, studies - start)
        scores = simulate(random, batch, size._replace(questions=questions), variation, shifts)
        by_question = scores.mean(axis=-1)
        values = by_question.mean(axis=-1, keepdims=True) if level == "overall" else by_question
        columns = np.stack([values[:, :, a] - values[:, :, b] for a, b in pairs], axis=2)
        flat = columns.transpose(1, 0, 2, 3).reshape(size.cases, -1)
        p = sign_flip_p(flat, permutations=permutations, seed=seed + start).reshape(batch, len(pairs), -1)
        adjusted = _holm_rows(p.reshape(batch, -1)).reshape(p.shape)
        found += float((adjusted[:, : size.systems - 1, 0] <= 0.05).mean(axis=1).sum())
    return Power(
        size=size,
        level=level,
        difference=difference,
        studies=studies,
        power=found / studies,
        smallest_adjusted_p=min(1.0, tests * smallest_p(size.cases, permutations)),
    )


def needed_cases(results: Sequence[Power], level: Level, raters: int) -> int | None:
    """The fewest cases of those simulated that reach `ENOUGH`; ``None`` where none does."""
    reached = [
        result.size.cases
        for result in results
        if result.level == level and result.size.raters == raters and result.power >= ENOUGH
    ]
    return min(reached, default=None)


def _holm_rows(p: Floats) -> Floats:
    """Holm's adjustment of every row."""
    order = p.argsort(axis=1, kind="stable")
    steps = np.take_along_axis(p, order, axis=1) * np.arange(p.shape[1], 0, -1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(np.maximum.accumulate(steps, axis=1), 1.0), axis=1)
    return adjusted
