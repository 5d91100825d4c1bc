"""Studies that never took place: for the false-positive rate of the tests, and for planning.

A score is a normal quality cut at two thresholds. Quality is the sum of independent effects; the one that
matters is *case × system*: how well a system happens to do on a case, in all nine questions at once. It is
why the case is the unit. Under the null hypothesis no system is better than another on average.
"""

from typing import Literal, NamedTuple

import numpy as np
from scipy import optimize, stats

from benchmarks.rating.statistics.design import Floats, question_means
from benchmarks.rating.statistics.omnibus import f_p_values, friedman, shuffles, within_case_ranks

Level = Literal["overall", "question"]
"""The mean over all questions of a case, or one question."""

_ROUNDING = 1e-9


class Variation(NamedTuple):
    """Standard deviations on the quality scale, where a rater's unexplained scatter is 1.

    The defaults are assumptions for planning, not measurements: replace them by a pilot's.
    """

    case: float = 0.5
    case_system: float = 0.5
    case_system_question: float = 0.7
    rater: float = 0.3
    wrong: float = 0.15
    """Share of scores 0 of a system without a planted difference."""
    correct: float = 0.5
    """Share of scores 2."""

    @property
    def total(self) -> float:
        """Standard deviation of a single score's quality."""
        parts = (self.case, self.case_system, self.case_system_question, self.rater, 1.0)
        return float(np.sqrt(sum(part**2 for part in parts)))

    @property
    def thresholds(self) -> tuple[float, float]:
        """Quality above which a score is 1, and above which it is 2."""
        low, high = stats.norm.ppf([self.wrong, 1 - self.correct]) * self.total
        return float(low), float(high)

    def mean_score(self, shift: float = 0.0) -> float:
        """Expected score of a system whose quality is shifted."""
        return float(sum(stats.norm.sf((cut - shift) / self.total) for cut in self.thresholds))

    def shift_for(self, difference: float) -> float:
        """The shift that lowers the expected score by ``difference`` points.

        Raises:
            ValueError: If the difference is not between 0 and the expected score.
        """
        whole = self.mean_score()
        if not 0 <= difference < whole - 1e-6:
            raise ValueError(
                f"a difference of {difference} cannot be planted: "
                f"it must be at least 0 and below the mean score {whole:.2f}"
            )
        if difference == 0:
            return 0.0
        return float(
            optimize.brentq(lambda shift: whole - self.mean_score(shift) - difference, -20 * self.total, 0.0)
        )


class Size(NamedTuple):
    """How large a study is."""

    cases: int
    systems: int
    questions: int
    raters: int


def simulate(
    random: np.random.Generator,
    studies: int,
    size: Size,
    variation: Variation,
    shifts: Floats | None = None,
) -> Floats:
    """Draw whole studies.

    Args:
        shifts: (systems, questions), added to quality.

    Returns:
        Scores 0, 1, 2 as float64: (studies, cases, systems, questions, raters).
    """
    c, s, q, r = size

    def effect(*shape: int, sd: float) -> Floats:
        return random.standard_normal((studies, *shape)) * sd

    quality = random.standard_normal((studies, c, s, q, r))
    quality += effect(c, 1, 1, 1, sd=variation.case) + effect(c, s, 1, 1, sd=variation.case_system)
    quality += effect(c, s, q, 1, sd=variation.case_system_question)
    quality += effect(1, 1, 1, r, sd=variation.rater)
    if shifts is not None:
        quality += shifts[:, :, None]
    low, high = variation.thresholds
    scores: Floats = (quality > low).astype(np.float64) + (quality > high)
    return scores


class FalsePositives(NamedTuple):
    """Share of null studies in which a test says p ≤ 0.05."""

    studies: int
    f: float
    permutation: float
    pooled: float
    """Friedman's test with every rated cell as a block of its own: what not to do."""


def false_positive_rates(
    studies: int, size: Size, variation: Variation, *, permutations: int, seed: int
) -> FalsePositives:
    """Simulate null studies and test each.

    All studies share one set of permutations, which saves their drawing and leaves each study's test valid.
    """
    random = np.random.default_rng(seed)
    orders = shuffles(random, permutations, size.cases, size.systems)
    rows = np.arange(size.cases)[None, :, None]
    rejected = {"f": 0, "permutation": 0, "pooled": 0}
    for _ in range(studies):
        scores = simulate(random, 1, size, variation)[0]
        ranks = within_case_ranks(question_means(scores).mean(axis=-1))
        rejected["f"] += _f_rejects(ranks)
        observed = (ranks.sum(axis=0) ** 2).sum() - _ROUNDING
        spread = (ranks[rows, orders].sum(axis=1) ** 2).sum(axis=-1)
        rejected["permutation"] += ((spread >= observed).sum() + 1) / (permutations + 1) <= 0.05
        cells = scores.transpose(0, 2, 3, 1).reshape(-1, size.systems)
        rejected["pooled"] += _f_rejects(within_case_ranks(cells))
    return FalsePositives(
        studies=studies,
        f=float(rejected["f"] / studies),
        permutation=float(rejected["permutation"] / studies),
        pooled=float(rejected["pooled"] / studies),
    )


def _f_rejects(ranks: Floats) -> bool:
    _, f = friedman(ranks[None])
    return bool(f_p_values(f, *ranks.shape)[0] <= 0.05)
