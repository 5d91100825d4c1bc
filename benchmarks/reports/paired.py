"""Statistics of arms: one arm's accuracy, and two arms on the same items.

Items of one case (several questions on one patient, or repeats of one item) are no independent observations:
they are resampled and flipped together. Where every item stands for itself, the exact and score-based methods
for single proportions and for pairs are used, which hold at 0, at 1 and for few items:

- Wilson's interval (JASA 22, 1927, doi:10.1080/01621459.1927.10502953), as in scipy;
- Newcombe's interval for the difference of paired proportions, method 10 (Statistics in Medicine 17, 1998,
  doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C);
- McNemar's test, exact (Psychometrika 12, 1947, doi:10.1007/BF02295996): a binomial test of discordant pairs;
- otherwise the BCa bootstrap of whole cases and the sign-flip permutation of `benchmarks.rating.statistics`;
- equivalence by two one-sided tests (Schuirmann, J Pharmacokinet Biopharm 15, 1987, doi:10.1007/BF01068419):
  the 90 % interval lies inside the margin.
"""

from collections import defaultdict
from collections.abc import Sequence
from math import sqrt
from typing import Literal

import numpy as np
from scipy import stats

from benchmarks.rating.statistics.design import Floats
from benchmarks.rating.statistics.intervals import coefficient_interval
from benchmarks.rating.statistics.pairwise import EXACT_UP_TO, sign_flip_p
from corpora import Frozen

LEVEL = 0.95
POWER = 0.8
PERMUTATIONS = 9_999


class Interval(Frozen):
    """A confidence interval and how it was found."""

    low: float
    high: float
    method: str


class Values(Frozen):
    """One number for each item, 0 to 1 (the mean over repeats), and the case each item belongs to."""

    values: tuple[float, ...]
    cases: tuple[str, ...]

    @property
    def mean(self) -> float:
        """Over items."""
        return sum(self.values) / len(self.values)

    @property
    def plain(self) -> bool:
        """Every item is a case of its own and right or wrong: the exact methods apply."""
        return len(set(self.cases)) == len(self.cases) and all(value in (0.0, 1.0) for value in self.values)


def accuracy_interval(values: Values) -> Interval | None:
    """95 % interval of a mean; ``None`` without items, or where cases do not tell."""
    if not values.values:
        return None
    if values.plain:
        return _wilson(round(sum(values.values)), len(values.values), LEVEL)
    return _clustered(values.values, values.cases, bounds=(0.0, 1.0))


class Difference(Frozen):
    """Second arm less first, on the same items.

    Attributes:
        fixed, broken: Items that only the second, only the first arm has right.
        interval: 95 %.
        p: Two-sided; ``None`` without items.
        test: The test it is of.
        detectable: The smallest difference that ``items`` as discordant as these find with a power of 80 %.
        margin: Of equivalence; ``equivalent`` where the 90 % interval lies inside it.
    """

    items: int
    cases: int
    first: float
    second: float
    difference: float
    interval: Interval | None
    fixed: int
    broken: int
    p: float | None
    test: Literal["McNemar exact", "sign flips by case"]
    detectable: float | None
    margin: float
    equivalent: bool


def compare(first: Values, second: Values, *, margin: float, seed: int) -> Difference:
    """Compare two arms.

    Args:
        first, second: Of the same items in the same order.

    Raises:
        ValueError: If they are not.
    """
    if first.cases != second.cases or len(first.values) != len(second.values):
        raise ValueError("the arms have different items")
    differences = tuple(b - a for a, b in zip(first.values, second.values, strict=True))
    plain = first.plain and second.plain
    wide: Interval | None
    narrow: Interval | None
    p: float | None
    if plain:
        cells = _cells(first.values, second.values)
        wide, narrow = (_newcombe(cells, level) for level in (LEVEL, 0.90))
        discordant = cells[1] + cells[2]
        p = float(stats.binomtest(cells[2], discordant).pvalue) if discordant else 1.0
    else:
        wide = _clustered(differences, first.cases, bounds=(-1.0, 1.0), seed=seed)
        narrow = _t_interval(differences, first.cases, 0.90)
        p = _flips(differences, first.cases, seed)
    return Difference(
        items=len(differences),
        cases=len(set(first.cases)),
        first=first.mean,
        second=second.mean,
        difference=second.mean - first.mean,
        interval=wide,
        fixed=sum(a < 0.5 <= b for a, b in zip(first.values, second.values, strict=True)),
        broken=sum(b < 0.5 <= a for a, b in zip(first.values, second.values, strict=True)),
        p=p,
        test="McNemar exact" if plain else "sign flips by case",
        detectable=_detectable(differences, first.cases),
        margin=margin,
        equivalent=narrow is not None and -margin < narrow.low and narrow.high < margin,
    )


def _wilson(right: int, n: int, level: float) -> Interval:
    found = stats.binomtest(right, n).proportion_ci(confidence_level=level, method="wilson")
    return Interval(low=float(found.low), high=float(found.high), method="Wilson")


def _cells(first: Sequence[float], second: Sequence[float]) -> tuple[int, int, int, int]:
    """Both right, only the first, only the second, neither."""
    pairs = [(a == 1.0, b == 1.0) for a, b in zip(first, second, strict=True)]
    return (
        pairs.count((True, True)),
        pairs.count((True, False)),
        pairs.count((False, True)),
        pairs.count((False, False)),
    )


def _newcombe(cells: tuple[int, int, int, int], level: float) -> Interval:
    """Of second less first: Wilson's limits of both, joined with the pairs' correlation (method 10)."""
    both, only_first, only_second, neither = cells
    n = sum(cells)
    p1, p2 = (both + only_second) / n, (both + only_first) / n  # p1 is the second arm: the minuend
    one, two = _wilson(both + only_second, n, level), _wilson(both + only_first, n, level)
    product = (both + only_second) * (only_first + neither) * (both + only_first) * (only_second + neither)
    phi = 0.0
    if product:
        numerator = float(both * neither - only_first * only_second)
        if numerator > 0:  # continuity-corrected, as the paper has it
            numerator = max(numerator - n / 2, 0)
        phi = numerator / sqrt(product)
    down = (p1 - one.low) ** 2 - 2 * phi * (p1 - one.low) * (two.high - p2) + (two.high - p2) ** 2
    up = (one.high - p1) ** 2 - 2 * phi * (one.high - p1) * (p2 - two.low) + (p2 - two.low) ** 2
    low, high = p1 - p2 - sqrt(max(down, 0.0)), p1 - p2 + sqrt(max(up, 0.0))
    return Interval(low=low, high=high, method="Newcombe")


def _by_case(values: Sequence[float], cases: Sequence[str]) -> tuple[Floats, Floats]:
    """Sums and counts of each case, (cases,)."""
    sums: defaultdict[str, float] = defaultdict(float)
    counts: defaultdict[str, int] = defaultdict(int)
    for value, case in zip(values, cases, strict=True):
        sums[case] += value
        counts[case] += 1
    return np.array(list(sums.values())), np.array([float(counts[case]) for case in sums])


def _clustered(
    values: Sequence[float], cases: Sequence[str], *, bounds: tuple[float, float], seed: int = 0
) -> Interval | None:
    sums, counts = _by_case(values, cases)

    def ratio(weights: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = (weights @ sums) / (weights @ counts)
        return found

    found = coefficient_interval(ratio, len(sums), seed=seed, bounds=bounds)
    method = {"t": "t by case", "bca": "BCa by case"}
    return Interval(low=found.low, high=found.high, method=method[found.method]) if found else None


def _t_interval(values: Sequence[float], cases: Sequence[str], level: float) -> Interval | None:
    """The linearised ratio's standard error over cases."""
    sums, counts = _by_case(values, cases)
    if len(sums) < 2:
        return None
    mean = float(sums.sum() / counts.sum())
    residuals = (sums - mean * counts) / counts.mean()
    error = float(residuals.std(ddof=1)) / sqrt(len(sums))
    half = float(stats.t.ppf((1 + level) / 2, len(sums) - 1)) * error
    return Interval(low=mean - half, high=mean + half, method="t by case")


def _flips(differences: Sequence[float], cases: Sequence[str], seed: int) -> float | None:
    sums, _ = _by_case(differences, cases)
    changed = sums[np.abs(sums) > 1e-12]  # a case without a difference is the same either way round
    if not changed.size:
        return 1.0 if sums.size else None
    permutations = PERMUTATIONS if changed.size > EXACT_UP_TO else 1
    return float(sign_flip_p(changed[:, None], permutations=permutations, seed=seed)[0])


def _detectable(differences: Sequence[float], cases: Sequence[str]) -> float | None:
    """(z(0.975) + z(0.8)) standard errors under the null; ``None`` where no item differs."""
    sums, counts = _by_case(differences, cases)
    error = sqrt(float((sums**2).sum())) / float(counts.sum()) if sums.size else 0.0
    if error == 0.0:
        return None
    return float(stats.norm.ppf((1 + LEVEL) / 2) + stats.norm.ppf(POWER)) * error
