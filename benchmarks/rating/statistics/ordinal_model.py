"""An ordinal mixed model: cumulative logit with random cases, case × system and raters.

*logit P(score ≤ c) = threshold_c − (system + question + case + case × system + rater)*. The likelihood
integrates the random effects by Laplace's approximation, as R's ``ordinal::clmm`` does (Christensen,
Cumulative Link Models for Ordinal Regression, 2018, section 4); its published fit of the wine data is the
test. No library with a fitting licence fits crossed random effects to ordinal scores: statsmodels'
``OrderedModel`` (BSD) has fixed effects only, and pymer4 and rpy2 need R (GPL).

Limits: standard errors come from the curvature at the optimum and take the variances as known, so they are
too small with few cases. The permutation tests decide; this model only describes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from benchmarks.rating.statistics.design import Floats, Ratings

_NEWTON_STEPS = 60
_SMALLEST_SD = 1e-4


@dataclass(frozen=True)
class Effect:
    """A coefficient in logits; positive means higher scores. ``error`` is ``None`` where not estimable."""

    name: str
    value: float
    error: float | None


@dataclass(frozen=True)
class OrdinalFit:
    """A fitted model. ``sds`` are the random effects' standard deviations in logits."""

    thresholds: tuple[float, ...]
    effects: tuple[Effect, ...]
    sds: dict[str, float]
    log_likelihood: float
    observations: int
    converged: bool


@dataclass(frozen=True, eq=False)
class _Data:
    scores: np.ndarray
    fixed: Floats
    groups: tuple[np.ndarray, ...]
    sizes: tuple[int, ...]
    levels: int


def fit_ratings(ratings: Ratings) -> OrdinalFit | None:
    """Fit a study's scores; ``None`` where fewer than two systems, cases or kinds of score occur.

    Effects are against the first system and the first question. Random effects with fewer than two groups
    are left out.
    """
    known = ~np.isnan(ratings.scores)
    case, system, question, rater = np.nonzero(known)
    values, scores = np.unique(ratings.scores[known].astype(int), return_inverse=True)
    if min(len(values), len(ratings.systems), len(ratings.cases)) < 2:
        return None
    names = [entry.label for entry in ratings.systems[1:]] + list(ratings.questions[1:])
    fixed = np.hstack(
        [
            np.eye(len(ratings.systems))[system][:, 1:],
            np.eye(len(ratings.questions))[question][:, 1:],
        ]
    )
    groups = {"case": case, "case × system": case * len(ratings.systems) + system, "rater": rater}
    return fit(scores, fixed, names, {name: labels for name, labels in groups.items() if np.ptp(labels) > 0})


def fit(
    scores: np.ndarray, fixed: Floats, names: Sequence[str], groups: dict[str, np.ndarray]
) -> OrdinalFit | None:
    """Fit by maximum Laplace likelihood.

    Args:
        scores: Categories 0, 1, …, (observations,); each occurs.
        fixed: Design without intercept, (observations, effects).
        groups: For each random effect the group of every observation.

    Returns:
        ``None`` where the likelihood cannot be computed at the start.
    """
    renumbered = [np.unique(labels, return_inverse=True)[1] for labels in groups.values()]
    data = _Data(
        scores=scores,
        fixed=fixed,
        groups=tuple(renumbered),
        sizes=tuple(int(labels.max()) + 1 for labels in renumbered),
        levels=int(scores.max()) + 1,
    )
    shares = np.cumsum(np.bincount(scores, minlength=data.levels))[:-1] / len(scores)
    cuts = special.logit(shares)
    start = np.concatenate(
        [cuts[:1], np.log(np.diff(cuts)), np.zeros(fixed.shape[1]), np.full(len(groups), np.log(0.5))]
    )
    laplace = _Laplace(data)
    if not np.isfinite(laplace(start)):
        return None
    bounds = [(None, None)] * (len(start) - len(groups)) + [(np.log(_SMALLEST_SD), 3.0)] * len(groups)
    found = optimize.minimize(
        laplace,
        start,
        jac=lambda at: _gradient(laplace, at),
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 200, "ftol": 1e-9, "gtol": 1e-2},
    )
    at = found.x
    errors = _errors(laplace, at, len(groups))
    thresholds, beta, sds = laplace.parts(at)
    first = data.levels - 1
    return OrdinalFit(
        thresholds=tuple(float(value) for value in thresholds),
        effects=tuple(
            Effect(name, float(value), error)
            for name, value, error in zip(names, beta, errors[first : first + len(beta)], strict=True)
        ),
        sds={name: float(sd) for name, sd in zip(groups, sds, strict=True)},
        log_likelihood=-float(found.fun),
        observations=len(scores),
        converged=bool(found.success),
    )


class _Laplace:
    """Minus the log likelihood; keeps the last random effects as the next start."""

    def __init__(self, data: _Data) -> None:
        self.data = data
        self.effects = np.zeros(sum(data.sizes))
        offsets = np.cumsum((0, *data.sizes[:-1]))
        self.places = [labels + offset for labels, offset in zip(data.groups, offsets, strict=True)]
        self.sd_of = np.repeat(np.arange(len(data.sizes)), data.sizes)

    def parts(self, at: Floats) -> tuple[Floats, Floats, Floats]:
        """Thresholds (ordered), fixed effects, standard deviations."""
        cuts = self.data.levels - 1
        effects = self.data.fixed.shape[1]
        thresholds = np.cumsum(np.concatenate([at[:1], np.exp(at[1:cuts])]))
        return thresholds, at[cuts : cuts + effects], np.exp(at[cuts + effects :])

    def __call__(self, at: Floats) -> float:
        thresholds, beta, sds = self.parts(at)
        scale = sds[self.sd_of]
        fixed = self.data.fixed @ beta
        effects = self.effects.copy()
        value, gradient, curvature = self._at(thresholds, fixed, scale, effects)
        for _ in range(_NEWTON_STEPS):
            step = np.linalg.solve(curvature, gradient)
            if gradient @ step < 1e-12:
                break
            factor = 1.0
            tried = self._at(thresholds, fixed, scale, effects - step)
            while not tried[0] <= value and factor > 1e-6:
                factor /= 2
                tried = self._at(thresholds, fixed, scale, effects - factor * step)
            effects = effects - factor * step
            value, gradient, curvature = tried
        if not np.isfinite(value):
            return 1e10
        self.effects = effects
        _, log_determinant = np.linalg.slogdet(curvature)
        return float(value + log_determinant / 2)

    def _at(
        self, thresholds: Floats, fixed: Floats, scale: Floats, effects: Floats
    ) -> tuple[float, Floats, Floats]:
        """Minus the joint log density of scores and standardised effects, its gradient and curvature."""
        scaled = scale * effects
        linear = fixed + sum(scaled[place] for place in self.places)
        edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
        upper = edges[self.data.scores + 1] - linear
        lower = edges[self.data.scores] - linear
        f_upper, f_lower = special.expit(upper), special.expit(lower)
        chance = np.maximum(f_upper - f_lower, 1e-300)
        value = -np.log(chance).sum() + (effects**2).sum() / 2
        # For the logit: d −log p / d linear = 1 − F(upper) − F(lower), and the second derivative is the sum
        # of the two densities.
        slope = 1 - f_upper - f_lower
        weight = f_upper * (1 - f_upper) + f_lower * (1 - f_lower)
        size = len(effects)
        gradient = effects.copy()
        curvature = np.zeros((size, size))
        for index, place in enumerate(self.places):
            gradient += scale * np.bincount(place, weights=slope, minlength=size)
            for other in self.places[: index + 1]:
                both = np.bincount(place * size + other, weights=weight, minlength=size * size)
                curvature += both.reshape(size, size)
                if other is not place:
                    curvature += both.reshape(size, size).T
        square = curvature * scale[:, None] * scale[None, :] + np.eye(size)
        return float(value), gradient, square


def _gradient(laplace: _Laplace, at: Floats) -> Floats:
    """Central differences. One-sided steps of 1e-8 drown in rounding where thousands of scores are summed:
    the fit then stops on the ridge between raters and thresholds."""
    step = 1e-4
    shifts = np.eye(len(at)) * step
    return np.array([(laplace(at + shift) - laplace(at - shift)) / (2 * step) for shift in shifts])


def _errors(laplace: _Laplace, at: Floats, variances: int) -> list[float | None]:
    """Standard errors from the numerical curvature in thresholds and fixed effects, variances held."""
    free = len(at) - variances
    step = 1e-3
    curvature = np.zeros((free, free))
    shift = np.eye(len(at)) * step
    centre = laplace(at)
    single = [(laplace(at + shift[i]), laplace(at - shift[i])) for i in range(free)]
    for i in range(free):
        curvature[i, i] = (single[i][0] - 2 * centre + single[i][1]) / step**2
        for j in range(i):
            both = laplace(at + shift[i] + shift[j])
            opposite = laplace(at - shift[i] - shift[j])
            mixed = both - single[i][0] - single[j][0] + 2 * centre - single[i][1] - single[j][1] + opposite
            curvature[i, j] = curvature[j, i] = mixed / (2 * step**2)
    try:
        variance = np.diag(np.linalg.inv(curvature))
    except np.linalg.LinAlgError:
        return [None] * free
    return [float(np.sqrt(value)) if value > 0 else None for value in variance]
