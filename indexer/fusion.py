"""Rank fusion: one ranking out of several whose scores cannot be compared.

A BM25 score has no upper bound and a cosine similarity lies in [-1, 1]; their sum means nothing.
Reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009, doi:10.1145/1571941.1572114) looks
at ranks alone, so nothing needs normalising and one constant is all there is to choose.
"""

from collections import defaultdict
from collections.abc import Sequence
from math import fsum

from indexer.hits import Hit

RANK_CONSTANT = 60
"""The paper's value. A larger one flattens the lead of the top ranks."""


def reciprocal_rank_fusion(
    rankings: Sequence[Sequence[Hit]], *, rank_constant: int = RANK_CONSTANT
) -> list[Hit]:
    """Fuse rankings of one query into one.

    A passage scores the sum of ``1 / (rank_constant + rank)`` over the rankings that hold it, ranks
    counted from 1. A ranking that lacks the passage adds nothing.

    Args:
        rankings: One per arm, each best first. Their scores are not read.
        rank_constant: At least 0.

    Returns:
        Every passage of any ranking, best first, equal scores in passage-id order. The order of
        ``rankings`` never shows: shares are summed exactly, and no tie is left to chance.

    Raises:
        ValueError: If ``rank_constant`` is negative, or one ranking holds a passage twice.
    """
    if rank_constant < 0:
        raise ValueError(f"rank_constant must be at least 0, got {rank_constant}")

    shares: defaultdict[str, list[float]] = defaultdict(list)
    for ranking in rankings:
        if len({hit.passage_id for hit in ranking}) < len(ranking):
            raise ValueError("a ranking holds the same passage twice")
        for rank, hit in enumerate(ranking, start=1):
            shares[hit.passage_id].append(1 / (rank_constant + rank))

    fused = [Hit(passage_id, fsum(parts)) for passage_id, parts in shares.items()]
    return sorted(fused, key=lambda hit: (-hit.score, hit.passage_id))
