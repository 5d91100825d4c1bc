"""Which two systems differ? Sign-flip permutation of the cases' differences, and adjusting for many tests.

Under the null hypothesis the two systems may be swapped within a case, which flips the sign of that case's
difference (Fisher's randomisation test; for system comparison Smucker, Allan and Carterette, CIKM 2007,
doi:10.1145/1321440.1321528). Up to 16 cases all flips are counted, so the p-value is exact. Holm (Scand J
Statist 6, 1979) holds the chance of any false positive, Benjamini and Hochberg (J R Stat Soc B 57, 1995,
doi:10.1111/j.2517-6161.1995.tb02031.x) the expected share of false positives.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from benchmarks.rating.statistics.design import Floats

EXACT_UP_TO = 16
"""Cases: 2^15 flips, the other half being their mirror image."""

_ROUNDING = 1e-9
_CELLS = 4_000_000


def sign_flip_p(differences: Floats, *, permutations: int, seed: int) -> Floats:
    """Two-sided p-values of mean differences.

    Args:
        differences: (cases, tests); NaN = this case does not compare the two and is left out.
        permutations: Random flips where there are more than `EXACT_UP_TO` cases; the observed signs count as
            one more.

    Returns:
        (tests,); NaN where a test has no case at all. All differences zero give 1.
    """
    known = np.where(np.isnan(differences), 0.0, differences)
    cases, tests = known.shape
    exact = cases <= EXACT_UP_TO
    signs = _all_flips(cases) if exact else _random_flips(cases, permutations, seed)
    observed = np.abs(known.sum(axis=0)) - _ROUNDING
    extreme = np.zeros(tests)
    step = max(1, _CELLS // max(tests, 1))
    for start in range(0, len(signs), step):
        extreme += (np.abs(signs[start : start + step] @ known) >= observed).sum(axis=0)
    p: Floats = extreme / len(signs) if exact else (extreme + 1) / (len(signs) + 1)
    return np.where(np.isnan(differences).all(axis=0), np.nan, p)


def smallest_p(cases: int, permutations: int) -> float:
    """The smallest p that `sign_flip_p` can give: every case on the same side, no difference zero."""
    return 2.0 ** (1 - cases) if cases <= EXACT_UP_TO else 1 / (permutations + 1)


def _all_flips(cases: int) -> Floats:
    """(2^(cases − 1), cases) of ±1; the first case keeps its sign, for the mirror images are as extreme."""
    numbers = np.arange(2 ** max(cases - 1, 0))[:, None]
    bits = (numbers >> np.arange(max(cases - 1, 0))) & 1
    return np.hstack([np.ones((len(numbers), min(cases, 1))), 1.0 - 2.0 * bits])


def _random_flips(cases: int, permutations: int, seed: int) -> Floats:
    return np.random.default_rng(seed).choice((-1.0, 1.0), (permutations, cases))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given; never below the raw ones, never above 1."""
    order = np.argsort(p_values, kind="stable")
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for position, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - position) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's adjusted p-values (q-values), in the order given."""
    if not p_values:
        return []
    return [float(q) for q in stats.false_discovery_control(p_values, method="bh")]
