"""Intraclass correlations (Shrout and Fleiss, Psychological Bulletin 86, 1979,
doi:10.1037/0033-2909.86.2.420; their table 2 is the test).

Reports show ICC(2,1), one rater of a population of raters, and ICC(2,k), the mean of this study's k raters:
raters are sampled and every rater scores every target. Scores 0–2 are ordinal, so they stand beside alpha and
AC2 and not in their place.
"""

from typing import NamedTuple

import numpy as np

from benchmarks.rating.statistics.design import Floats


class Icc(NamedTuple):
    """The six forms. First figure: 1 raters differ by target, 2 raters random, 3 raters fixed; second: one
    rater's score or the mean of k."""

    icc_1_1: float
    icc_2_1: float
    icc_3_1: float
    icc_1_k: float
    icc_2_k: float
    icc_3_k: float


class _MeanSquares(NamedTuple):
    targets: Floats
    raters: Floats
    residual: Floats
    within: Floats


def complete_rows(scores: Floats) -> np.ndarray:
    """Which targets every rater scored: bool, (targets,). The forms above exist for those only."""
    complete: np.ndarray = np.isnan(scores).sum(axis=1) == 0
    return complete


def intraclass(scores: Floats) -> Icc | None:
    """All six forms.

    Args:
        scores: (targets, raters), no NaN.

    Returns:
        ``None`` with fewer than two targets or raters, or where all scores are equal.
    """
    if min(scores.shape) < 2 or np.ptp(scores) == 0:
        return None
    targets, raters = scores.shape
    square = _mean_squares(scores, np.ones((1, targets)))
    b, j, e, w = (float(part[0]) for part in square)
    k = raters
    values = (
        (b - w, b + (k - 1) * w),
        (b - e, b + (k - 1) * e + k * (j - e) / targets),
        (b - e, b + (k - 1) * e),
        (b - w, b),
        (b - e, b + (j - e) / targets),
        (b - e, b),
    )
    if any(below == 0 for _, below in values):
        return None
    return Icc(*(above / below for above, below in values))


def icc_2_of(scores: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """ICC(2,1) and ICC(2,k) of weighted targets.

    Args:
        scores: (targets, raters), no NaN.
        weights: (resamples, targets).

    Returns:
        Two arrays, (resamples,); NaN where undefined.
    """
    square = _mean_squares(scores, weights)
    targets = weights.sum(axis=1)
    raters = scores.shape[1]
    above = square.targets - square.residual
    bias = (square.raters - square.residual) / targets
    with np.errstate(divide="ignore", invalid="ignore"):
        single = above / (square.targets + (raters - 1) * square.residual + raters * bias)
        mean = above / (square.targets + bias)
    return single, mean


def _mean_squares(scores: Floats, weights: Floats) -> _MeanSquares:
    raters = scores.shape[1]
    centred = scores - scores.mean()  # the sums of squares below lose digits otherwise
    targets = weights.sum(axis=1)
    columns = weights @ centred / targets[:, None]
    correction = targets * raters * columns.mean(axis=1) ** 2
    between = raters * (weights @ centred.mean(axis=1) ** 2) - correction
    by_rater = targets * (columns**2).sum(axis=1) - correction
    total = weights @ (centred**2).sum(axis=1) - correction
    residual = np.maximum(total - between - by_rater, 0.0)
    return _MeanSquares(
        targets=between / (targets - 1),
        raters=by_rater / (raters - 1),
        residual=residual / ((targets - 1) * (raters - 1)),
        within=(total - between) / (targets * (raters - 1)),
    )
