"""Is a rater severe, does a rater drift, does a rater agree with himself?

Severity is the rater's effect in the additive model *score = cell + rater* with effects that sum to zero, so
that raters who saw different cells can be compared. Standard errors delete one case at a time: scores of one
case are no independent observations.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchmarks.rating.statistics.agreement import Table, gwet_ac, percent_agreement
from benchmarks.rating.statistics.design import SCORES, Floats, Ratings
from benchmarks.rating.statistics.pairwise import holm

NOTICEABLE = 0.2
"""Points of 0–2: a smaller difference is not pointed out, however significant."""


@dataclass(frozen=True)
class Estimate:
    """A value, its standard error over cases, 95 % t interval and two-sided p."""

    value: float
    error: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Severity:
    """One rater: below zero is severe, above lenient, in points; ``holm_p`` over the raters."""

    rater: str
    scores: int
    mean: float
    effect: Estimate | None
    holm_p: float | None
    noticeable: bool


@dataclass(frozen=True)
class Drift:
    """Change of a rater's scores against the other raters' from his first to his last, in points."""

    rater: str
    change: Estimate | None


@dataclass(frozen=True)
class IntraRater:
    """Hidden repeats of one rater: share scored the same, ordinal agreement, AC2, mean second − first."""

    rater: str
    repeats: int
    same: float | None
    weighted_agreement: float | None
    ac2: float | None
    mean_change: float | None


def severities(ratings: Ratings) -> list[Severity]:
    """Every rater's severity, in the order of the raters; no effect where fewer than 2 raters share cells."""
    scores = ratings.scores
    effects = _rater_effects(scores)
    tested = [effect.p for effect in effects if effect is not None]
    adjusted = iter(holm(tested))
    result = []
    for index, (rater, effect) in enumerate(zip(ratings.raters, effects, strict=True)):
        own = scores[..., index]
        holm_p = next(adjusted) if effect is not None else None
        noticeable = (
            effect is not None and holm_p is not None and holm_p < 0.05 and abs(effect.value) >= NOTICEABLE
        )
        result.append(
            Severity(
                rater=rater,
                scores=int((~np.isnan(own)).sum()),
                mean=float(np.nanmean(own)),
                effect=effect,
                holm_p=holm_p,
                noticeable=noticeable,
            )
        )
    return result


def _rater_effects(scores: Floats) -> list[Estimate | None]:
    cases, raters = scores.shape[0], scores.shape[-1]
    cells = scores.reshape(cases, -1, raters)
    given = ~np.isnan(cells)
    shared = given.sum(axis=-1, keepdims=True) >= 2
    used = (given & shared).astype(np.float64)
    count = np.maximum(used.sum(axis=-1, keepdims=True), 1)
    values = np.where(used > 0, cells, 0.0)
    centred = np.where(used > 0, values - values.sum(axis=-1, keepdims=True) / count, 0.0)
    # Normal equations of each case, cell effects swept out.
    left = used.sum(axis=1)[:, :, None] * np.eye(raters) - np.einsum("cur,cus->crs", used / count, used)
    right = centred.sum(axis=1)
    all_left, all_right = left.sum(axis=0), right.sum(axis=0)
    linked = [rater for rater in range(raters) if all_left[rater, rater] > 0]
    if len(linked) < 2 or np.linalg.matrix_rank(all_left[np.ix_(linked, linked)]) < len(linked) - 1:
        return [None] * raters
    whole = _solved(all_left, all_right, linked)
    without = np.array(
        [_solved(all_left - left[case], all_right - right[case], linked) for case in range(cases)]
    )
    return [
        _jackknife(whole[rater], without[:, rater]) if rater in linked else None for rater in range(raters)
    ]


def _solved(left: Floats, right: Floats, linked: list[int]) -> Floats:
    effects = np.full(len(right), np.nan)
    # The pseudo-inverse gives the solution whose effects sum to zero.
    effects[linked] = np.linalg.pinv(left[np.ix_(linked, linked)], hermitian=True) @ right[linked]
    return effects


def _jackknife(whole: float, without: Floats) -> Estimate | None:
    cases = len(without)
    if cases < 2 or not np.isfinite(without).all():
        return None
    error = float(np.sqrt((cases - 1) / cases * ((without - without.mean()) ** 2).sum()))
    if error < 1e-12:
        return Estimate(float(whole), 0.0, float(whole), float(whole), 1.0 if abs(whole) < 1e-12 else 0.0)
    half = float(stats.t.ppf(0.975, cases - 1)) * error
    p = 2 * float(stats.t.sf(abs(whole) / error, cases - 1))
    return Estimate(float(whole), error, float(whole) - half, float(whole) + half, p)


def drifts(ratings: Ratings) -> list[Drift]:
    """Every rater's drift: the slope of *own score − other raters' mean* on his own order, scaled to 0–1.

    Empty where the study has no order. No estimate for a rater who shares no cells with another.
    """
    if ratings.order is None:
        return []
    result = []
    for index, rater in enumerate(ratings.raters):
        own, order = ratings.scores[..., index], ratings.order[..., index]
        others = np.delete(ratings.scores, index, axis=-1)
        known = ~np.isnan(others)
        mean = np.where(known, others, 0.0).sum(axis=-1) / np.where(
            known.any(axis=-1), known.sum(axis=-1), np.nan
        )
        result.append(Drift(rater, _slope(own - mean, order)))
    return result


def _slope(residuals: Floats, order: Floats) -> Estimate | None:
    known = ~np.isnan(residuals) & ~np.isnan(order)
    if known.sum() < 3 or np.ptp(order[known]) == 0:
        return None
    cases = np.nonzero(known)[0]
    x = (order[known] - order[known].min()) / np.ptp(order[known])
    y = residuals[known]
    kept = np.unique(cases)
    if len(kept) < 3:
        return None
    without = np.array([_line(x[cases != case], y[cases != case]) for case in kept])
    return _jackknife(_line(x, y), without)


def _line(x: Floats, y: Floats) -> float:
    centred = x - x.mean()
    spread = float((centred**2).sum())
    return float((centred * y).sum()) / spread if spread > 0 else float("nan")


def intra_rater(ratings: Ratings) -> list[IntraRater]:
    """Every rater's agreement with his own hidden repeats; empty where the study has none."""
    if not ratings.repeats:
        return []
    result = []
    for index, rater in enumerate(ratings.raters):
        pairs = np.array(
            [(entry.first, entry.second) for entry in ratings.repeats if entry.rater == index],
            dtype=np.float64,
        ).reshape(-1, 2)
        table = Table.of(pairs, SCORES)
        known = len(pairs) > 0
        result.append(
            IntraRater(
                rater=rater,
                repeats=len(pairs),
                same=float((pairs[:, 0] == pairs[:, 1]).mean()) if known else None,
                weighted_agreement=percent_agreement(table, "ordinal") if known else None,
                ac2=gwet_ac(table, "ordinal") if known else None,
                mean_change=float((pairs[:, 1] - pairs[:, 0]).mean()) if known else None,
            )
        )
    return result
