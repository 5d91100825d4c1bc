"""Impacts: what one occurrence pattern is worth in BM25, in 8 bits, without losing the count.

BM25 gives a term that stands ``count`` times in a passage its weight times ``count / (count + norm)``,
where ``norm`` grows with the passage's length. That share lies between 0 and 1; its ceiling in steps of
1/255 is the *impact*. As the ceiling it is never less than the true share and less than one step more,
which bounds a score without knowing it. Since the passage's length is stored, the impact also tells the
count, except where a step holds several: those counts are noted apart ("odd").
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

STEPS = 255

NORM_LIMIT = 1e12
"""Norms of real passages are below 10^10; from 10^13 on counts and their neighbours become one double."""


def length_norms(lengths: NDArray[np.int32], average: float, k1: float, b: float) -> NDArray[np.float64]:
    """The norm of each passage; ``average`` is the mean length, or 1 where nothing has a length."""
    norms = k1 * (1 - b + b * lengths / average)
    return np.asarray(norms, np.float64)


def quantise(counts: Floats, norms: Floats) -> NDArray[np.uint8]:
    """Impacts, 1 to 255."""
    return np.ceil(STEPS * (counts / (counts + norms))).astype(np.uint8)


def least_counts(impacts: NDArray[np.uint8], norms: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least count that gives each impact: the true one wherever the count is not odd."""
    below = (impacts - 1.0) / STEPS
    counts = np.maximum(np.floor(norms * below / (1 - below)), 1.0)
    while (low := (counts > 1) & (quantise(np.maximum(counts - 1, 1), norms) >= impacts)).any():
        counts[low] -= 1
    while (low := quantise(counts, norms) < impacts).any():
        counts[low] += 1
    return counts


def are_odd(
    counts: NDArray[np.int32], impacts: NDArray[np.uint8], norms: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Positions whose count is not the least one that gives the impact."""
    repeated = np.flatnonzero(counts > 1)
    lower = quantise(counts[repeated] - 1.0, norms[repeated])
    positions: NDArray[np.int64] = repeated[lower == impacts[repeated]]
    return positions
