"""Does any system differ? Friedman's test on case means, in two forms that hold for few cases.

The chi-square approximation of Friedman's statistic is conservative at these sizes; Iman and Davenport's F
(Communications in Statistics A 9, 1980, doi:10.1080/03610928008827904) is the better approximation, and the
permutation of systems within each case needs none. With ties the rank sums keep Friedman's tie correction
(Conover, Practical Nonparametric Statistics, 3rd ed., 1999, section 5.8).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchmarks.rating.statistics.design import Floats

_BATCH = 2_000
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Omnibus:
    """Friedman's test of one table; ``None`` where every system has the same rank in every case."""

    cases: int
    systems: int
    chi_square: float | None
    f: float | None
    f_p: float | None
    permutation_p: float | None
    permutations: int
    mean_ranks: tuple[float, ...]


def omnibus(means: Floats, *, permutations: int, seed: int) -> Omnibus:
    """Test that all systems are exchangeable within cases.

    Args:
        means: (cases, systems), no NaN. At least 2 cases and 2 systems.
        permutations: Of the systems' labels within each case; the observed order counts as one more, so the
            smallest p is ``1 / (permutations + 1)``.

    Raises:
        ValueError: If there are fewer than 2 cases or systems.
    """
    cases, systems = means.shape
    if cases < 2 or systems < 2:
        raise ValueError(f"needs at least 2 cases and 2 systems, got {cases} and {systems}")
    ranks = within_case_ranks(means)
    mean_ranks = tuple(float(rank) for rank in ranks.mean(axis=0))
    chi_square, f = friedman(ranks[None])
    if np.isnan(chi_square[0]):
        return Omnibus(cases, systems, None, None, None, None, permutations, mean_ranks)
    return Omnibus(
        cases=cases,
        systems=systems,
        chi_square=float(chi_square[0]),
        # Finite JSON: every case ranks the systems alike.
        f=float(f[0]) if np.isfinite(f[0]) else None,
        f_p=float(f_p_values(f, cases, systems)[0]),
        permutation_p=permutation_p(ranks, permutations=permutations, seed=seed),
        permutations=permutations,
        mean_ranks=mean_ranks,
    )


def within_case_ranks(means: Floats) -> Floats:
    """Rank along the last axis, 1 = lowest; ties share their mean rank.

    Differences below 1e-9 are ties: means of the same scores in another order must not be ranked by rounding.
    """
    ranks: Floats = stats.rankdata(np.round(means / _ROUNDING), axis=-1)
    return ranks


def friedman(ranks: Floats) -> tuple[Floats, Floats]:
    """Friedman's chi-square with tie correction, and Iman and Davenport's F.

    Args:
        ranks: (studies, cases, systems).

    Returns:
        Two arrays, (studies,). Chi-square is NaN where all ranks tie; F is infinite where all cases agree.
    """
    _, cases, systems = ranks.shape
    middle = (systems + 1) / 2
    between = ((ranks.sum(axis=1) - cases * middle) ** 2).sum(axis=-1)
    total = ((ranks - middle) ** 2).sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        chi_square: Floats = np.where(total > 0, (systems - 1) * between / total, np.nan)
        rest = cases * (systems - 1) - chi_square
        f: Floats = np.where(rest > _ROUNDING, (cases - 1) * chi_square / rest, np.inf)
    return chi_square, np.where(np.isnan(chi_square), np.nan, f)


def f_p_values(f: Floats, cases: int, systems: int) -> Floats:
    """Upper tail of F with ``systems − 1`` and ``(systems − 1)(cases − 1)`` degrees of freedom."""
    p: Floats = stats.f.sf(f, systems - 1, (systems - 1) * (cases - 1))
    return p


def permutation_p(ranks: Floats, *, permutations: int, seed: int) -> float:
    """Share of within-case permutations whose statistic is at least the observed one.

    The ranks of a case stay the same set under permutation, so the sum of squared rank sums orders
    permutations exactly as chi-square and F do.

    Args:
        ranks: (cases, systems).
    """
    random = np.random.default_rng(seed)
    observed = (ranks.sum(axis=0) ** 2).sum()
    extreme = 0
    for start in range(0, permutations, _BATCH):
        drawn = shuffles(random, min(_BATCH, permutations - start), *ranks.shape)
        extreme += int((_spread(ranks, drawn) >= observed - _ROUNDING).sum())
    return (extreme + 1) / (permutations + 1)


def shuffles(random: np.random.Generator, count: int, cases: int, systems: int) -> np.ndarray:
    """Independent orders of the systems for each case: intp, (count, cases, systems)."""
    return random.random((count, cases, systems), dtype=np.float32).argsort(axis=-1)


def _spread(ranks: Floats, orders: np.ndarray) -> Floats:
    shuffled = ranks[np.arange(ranks.shape[0])[None, :, None], orders]
    spread: Floats = (shuffled.sum(axis=1) ** 2).sum(axis=-1)
    return spread
