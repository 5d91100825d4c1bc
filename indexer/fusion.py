"""Fusion: one ranking out of several.

The default is a weighted sum of scores (Bruch, Gai and Ingber, TOIS 2023, doi:10.1145/3596512), which needs
scales that mean the same for every query. A cosine has one. A BM25 score gets one by division through its
bound, the score of a passage that would hold every term of the query as often as it likes: a query whose
words the corpus hardly knows then gives its lexical arms little to say, one that is found word for word much.
Normalising by the best hit instead (min-max) makes a poor best hit look as good as a perfect one.

Reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009, doi:10.1145/1571941.1572114) looks at
ranks alone. It needs nothing known about the scores, and loses to a single arm where the arms differ in
strength.
"""

from collections import defaultdict
from collections.abc import Sequence
from math import fsum
from typing import NamedTuple

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


class WeightedRanking(NamedTuple):
    """A ranking whose scores are worth ``weight`` each; ``is_cut`` if it would go on below its last hit."""

    hits: Sequence[Hit]
    weight: float
    is_cut: bool


def weighted_sum(rankings: Sequence[WeightedRanking]) -> list[Hit]:
    """Fuse rankings of one query by their scores.

    A passage scores the sum of weight times score. A ranking that lacks it adds what its last hit scores if
    the ranking was cut there, which is the most it can be, and 0 if the ranking is complete.

    Returns:
        Every passage of any ranking, best first, equal scores in passage-id order.

    Raises:
        ValueError: If one ranking holds a passage twice.
    """
    by_ranking = [{hit.passage_id: hit.score for hit in ranking.hits} for ranking in rankings]
    if any(len(scores) < len(ranking.hits) for scores, ranking in zip(by_ranking, rankings, strict=True)):
        raise ValueError("a ranking holds the same passage twice")
    floors = [ranking.hits[-1].score if ranking.is_cut and ranking.hits else 0.0 for ranking in rankings]
    fused = [
        Hit(
            passage_id,
            fsum(
                ranking.weight * scores.get(passage_id, floor)
                for ranking, scores, floor in zip(rankings, by_ranking, floors, strict=True)
            ),
        )
        for passage_id in set().union(*by_ranking)
    ]
    return sorted(fused, key=lambda hit: (-hit.score, hit.passage_id))
