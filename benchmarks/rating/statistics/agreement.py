"""Do the raters agree? Three coefficients and the share of agreement, read together.

Where nearly all scores are equal, Krippendorff's alpha falls to zero although raters hardly ever differ,
because it expects agreement from those same marginals; Gwet's AC2 does not. Neither is right alone, so
reports show both beside the weighted share of agreement and the marginals.

- Alpha: Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011 (his worked table is the test).
- AC1/AC2: Gwet, Handbook of Inter-Rater Reliability, 4th ed., 2014, chapters 2 to 4; ordinal weights and
  missing scores as there. AC2 with nominal weights is AC1.

Both are sums over units, so that a resample of cases is a weighted sum.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.rating.statistics.design import Floats

Scale = Literal["nominal", "ordinal", "interval"]


@dataclass(frozen=True, eq=False)
class Table:
    """How often each category was given: float64, (units, categories), and each unit's case.

    ``cases`` holds indexes 0 … count − 1, (units,); units of one case are resampled together.
    """

    counts: Floats
    cases: np.ndarray

    @classmethod
    def of(cls, scores: Floats, categories: tuple[int, ...], cases: np.ndarray | None = None) -> "Table":
        """Count ``scores`` (units, raters; NaN = missing). Units nobody scored are dropped.

        Without ``cases`` each unit is a case of its own.
        """
        counts = np.stack([(scores == category).sum(axis=1) for category in categories], axis=1)
        rated = counts.sum(axis=1) > 0
        labels = np.arange(len(scores)) if cases is None else cases
        _, numbered = np.unique(labels[rated], return_inverse=True)
        return cls(counts[rated].astype(np.float64), numbered)

    @property
    def case_count(self) -> int:
        """Cases with at least one unit."""
        return int(self.cases.max()) + 1 if len(self.cases) else 0

    def by_case(self, values: Floats) -> Floats:
        """Sum ``values`` (units, …) over the units of each case: (cases, …)."""
        summed = np.zeros((self.case_count, *values.shape[1:]))
        np.add.at(summed, self.cases, values)
        return summed

    @property
    def pairable(self) -> int:
        """Units with at least two scores, the only ones that can show agreement."""
        return int((self.counts.sum(axis=1) >= 2).sum())


def alpha_of(table: Table, weights: Floats, scale: Scale) -> Floats:
    """Krippendorff's alpha of weighted cases.

    Args:
        weights: (resamples, cases); ones for the data themselves.
        scale: The metric of differences between categories, which are in order and one apart.

    Returns:
        (resamples,), at most 1; NaN where nothing is pairable or only one category occurs.
    """
    counts = table.counts
    given = counts.sum(axis=1)
    pairable = given >= 2
    pairs = counts[:, :, None] * (counts[:, None, :] - np.eye(counts.shape[1]))
    per_unit = np.where(pairable[:, None, None], pairs / np.maximum(given - 1, 1)[:, None, None], 0.0)
    coincidences = np.tensordot(weights, table.by_case(per_unit), axes=1)
    marginals = coincidences.sum(axis=-1)
    distance = _distances(marginals, scale)
    total = marginals.sum(axis=-1)
    observed = (coincidences * distance).sum(axis=(-1, -2))
    expected = (marginals[:, :, None] * marginals[:, None, :] * distance).sum(axis=(-1, -2))
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha: Floats = np.where(expected > 0, 1 - observed * (total - 1) / expected, np.nan)
    return alpha


def _distances(marginals: Floats, scale: Scale) -> Floats:
    """Squared differences (resamples, categories, categories); the ordinal metric depends on marginals."""
    size = marginals.shape[1]
    place = np.arange(size, dtype=np.float64)
    fixed: Floats
    if scale == "nominal":
        fixed = 1.0 - np.eye(size)
    elif scale == "interval":
        fixed = np.square(place[:, None] - place[None, :])
    else:
        middle = np.cumsum(marginals, axis=1) - marginals / 2
        ordinal: Floats = (middle[:, :, None] - middle[:, None, :]) ** 2
        return ordinal
    return np.broadcast_to(fixed, (len(marginals), size, size))


def category_weights(size: int, scale: Scale) -> Floats:
    """Gwet's weights of partial agreement, (categories, categories): 1 = the same, 0 = furthest apart."""
    steps = np.abs(np.arange(size)[:, None] - np.arange(size)[None, :]).astype(np.float64)
    if size == 1 or scale == "nominal":
        return np.eye(size)
    distance = steps * (steps + 1) / 2 if scale == "ordinal" else steps * steps
    weights: Floats = 1.0 - np.divide(distance, distance.max())
    return weights


def percent_agreement_of(table: Table, weights: Floats, scale: Scale) -> Floats:
    """Weighted share of agreement over pairs of raters, (resamples,); NaN where nothing is pairable."""
    given = table.counts.sum(axis=1)
    pairable = given >= 2
    near = table.counts @ category_weights(table.counts.shape[1], scale)
    agreeing = (table.counts * (near - 1)).sum(axis=1) / np.maximum(given * (given - 1), 1)
    shares = weights @ table.by_case(np.where(pairable, agreeing, 0.0))
    units = weights @ table.by_case(pairable.astype(np.float64))
    return np.divide(shares, units, out=np.full_like(shares, np.nan), where=units > 0)


def gwet_of(table: Table, weights: Floats, scale: Scale) -> Floats:
    """Gwet's AC2 (AC1 for the nominal scale) of weighted cases, (resamples,); NaN where nothing is pairable.

    One category for every score gives 1: the raters agreed, and chance is not expected to.
    """
    observed = percent_agreement_of(table, weights, scale)
    size = table.counts.shape[1]
    shares = weights @ table.by_case(table.counts / table.counts.sum(axis=1, keepdims=True))
    units = shares.sum(axis=1, keepdims=True)
    prevalence = np.divide(shares, units, out=np.zeros_like(shares), where=units > 0)
    factor = category_weights(size, scale).sum() / (size * (size - 1)) if size > 1 else 0.0
    chance = factor * (prevalence * (1 - prevalence)).sum(axis=1)
    coefficient: Floats = (observed - chance) / (1 - chance)
    return coefficient


def krippendorff_alpha(table: Table, scale: Scale) -> float | None:
    """Krippendorff's alpha, or ``None`` where it is undefined: nothing to pair, or one category only."""
    return defined(alpha_of(table, np.ones((1, table.case_count)), scale))


def gwet_ac(table: Table, scale: Scale) -> float | None:
    """Gwet's AC2, AC1 for the nominal scale, or ``None`` where no unit has two scores."""
    return defined(gwet_of(table, np.ones((1, table.case_count)), scale))


def percent_agreement(table: Table, scale: Scale) -> float | None:
    """Weighted share of agreement, or ``None`` where no unit has two scores."""
    return defined(percent_agreement_of(table, np.ones((1, table.case_count)), scale))


def defined(values: Floats) -> float | None:
    """The one value, or ``None`` for NaN."""
    return float(values[0]) if len(values) and np.isfinite(values[0]) else None
