"""Confidence intervals over cases: of means, and of coefficients that are computed from all cases at once.

Below 20 cases Student's t on the case means (for coefficients: on the delete-one-case jackknife's
pseudo-values): a bootstrap of so few cases gives intervals that are too narrow. From 20 cases the
bias-corrected and accelerated bootstrap (BCa; Efron, JASA 82, 1987, doi:10.1080/01621459.1987.10478410),
which resamples whole cases with all their cells.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from benchmarks.rating.statistics.design import Floats

BOOTSTRAP_FROM = 20
RESAMPLES = 9_999
LEVEL = 0.95

_BATCH = 500


@dataclass(frozen=True)
class Interval:
    """A 95 % interval; ``None`` where the cases do not vary or there are fewer than two."""

    low: float
    high: float
    method: Literal["t", "bca"]


def mean_intervals(
    values: Floats, *, seed: int, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> list[Interval | None]:
    """Intervals of the columns' means.

    Args:
        values: (cases, columns), one number for each case; NaN = the case has none and is left out.
        bounds: Of the scale; an interval is cut there.
    """
    result: list[Interval | None] = [None] * values.shape[1]
    known = ~np.isnan(values)
    # Columns of the same cases share their resamples, so they are drawn together.
    for pattern in np.unique(known, axis=1).T:
        members = np.flatnonzero((known == pattern[:, None]).all(axis=0))
        kept = values[np.ix_(np.flatnonzero(pattern), members)]
        if kept.shape[0] < 2:
            continue
        varied = members[np.ptp(kept, axis=0) > 1e-12]
        if varied.size:
            columns = values[np.ix_(np.flatnonzero(pattern), varied)]
            lows, highs, method = _t(columns) if len(columns) < BOOTSTRAP_FROM else _bca(columns, seed)
            for member, low, high in zip(varied, lows, highs, strict=True):
                if np.isfinite(low) and np.isfinite(high):
                    low, high = np.clip((low, high), *bounds)
                    result[member] = Interval(float(low), float(high), method)
    return result


def _t(columns: Floats) -> tuple[Floats, Floats, Literal["t"]]:
    count = len(columns)
    half = stats.t.ppf((1 + LEVEL) / 2, count - 1) * columns.std(axis=0, ddof=1) / np.sqrt(count)
    return columns.mean(axis=0) - half, columns.mean(axis=0) + half, "t"


def _bca(columns: Floats, seed: int) -> tuple[Floats, Floats, Literal["bca"]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a degenerate column comes back as NaN and has no interval
        found = stats.bootstrap(
            (columns,),
            np.mean,
            axis=0,
            n_resamples=RESAMPLES,
            batch=_BATCH,
            confidence_level=LEVEL,
            method="BCa",
            rng=np.random.default_rng(seed),
        )
    return found.confidence_interval.low, found.confidence_interval.high, "bca"


def coefficient_interval(
    coefficient: Callable[[Floats], Floats], cases: int, *, seed: int, bounds: tuple[float, float]
) -> Interval | None:
    """Interval of a coefficient that sees how often each case counts.

    Args:
        coefficient: Maps weights (resamples, cases) to values (resamples,), NaN where undefined.
        bounds: Of the coefficient.

    Returns:
        ``None`` where it is undefined for the data, for the data less one case, or for over a tenth of the
        resamples.
    """
    if cases < 2:
        return None
    whole = coefficient(np.ones((1, cases)))[0]
    without = coefficient(1.0 - np.eye(cases))
    if not np.isfinite(whole) or not np.isfinite(without).all() or np.ptp(without) < 1e-12:
        return None
    if cases < BOOTSTRAP_FROM:
        pseudo = cases * whole - (cases - 1) * without
        half = stats.t.ppf((1 + LEVEL) / 2, cases - 1) * pseudo.std(ddof=1) / np.sqrt(cases)
        low, high = whole - half, whole + half
    else:
        drawn = np.random.default_rng(seed).multinomial(cases, np.full(cases, 1 / cases), RESAMPLES)
        values = coefficient(drawn.astype(np.float64))
        values = values[np.isfinite(values)]
        if len(values) < 0.9 * RESAMPLES:
            return None
        low, high = np.quantile(values, _bca_levels(whole, without, values))
    low, high = np.clip((low, high), *bounds)
    return Interval(float(low), float(high), "t" if cases < BOOTSTRAP_FROM else "bca")


def _bca_levels(whole: float, without: Floats, values: Floats) -> Floats:
    """The quantiles of the bootstrap values that bound the interval (Efron 1987, eq. 2.3 and 4.4)."""
    below = ((values < whole).mean() + (values <= whole).mean()) / 2
    shift = stats.norm.ppf(np.clip(below, 1 / len(values), 1 - 1 / len(values)))
    influence = without.mean() - without
    acceleration = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    tails = shift + stats.norm.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    levels: Floats = stats.norm.cdf(shift + tails / (1 - acceleration * tails))
    return levels
