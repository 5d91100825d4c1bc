"""Measures of rankings, and whether two arms differ.

Measures are ir_measures' (nDCG as trec_eval computes it, Järvelin and Kekäläinen, TOIS 2002,
doi:10.1145/582415.582418). A query that no arm answers counts as zero and lowers the mean. Differences
between arms are tested on the same queries by a sign-flip permutation test.
"""

from collections.abc import Mapping, Sequence

import ir_measures
import numpy as np
from ir_measures import R, nDCG

from corpora import Frozen
from indexer import Hit, sign_flip_p_value

NDCG, R10, R100 = nDCG @ 10, R @ 10, R @ 100


class ArmScore(Frozen):
    """One arm on one set: means over all judged queries, and each query's nDCG@10."""

    arm: str
    ndcg_at_10: float
    recall_at_10: float
    recall_at_100: float
    per_query: Mapping[str, float]


def score(
    arm: str, rankings: Mapping[str, Sequence[Hit]], grades: Mapping[str, Mapping[str, int]]
) -> ArmScore:
    """Score rankings of documents or passages, for the queries that were asked.

    trec_eval orders equal scores by its own rule, so ranks are handed over instead of scores: the order
    judged is the order shown.
    """
    qrels = [
        ir_measures.Qrel(query_id, unit, grade)
        for query_id in rankings
        for unit, grade in grades.get(query_id, {}).items()
    ]
    run = [
        ir_measures.ScoredDoc(query_id, hit.passage_id, -float(rank))
        for query_id, ranking in rankings.items()
        for rank, hit in enumerate(ranking)
    ]
    means = ir_measures.calc_aggregate([NDCG, R10, R100], qrels, run)
    per_query = {m.query_id: float(m.value) for m in ir_measures.iter_calc([NDCG], qrels, run)}
    return ArmScore(
        arm=arm,
        ndcg_at_10=float(means[NDCG]),
        recall_at_10=float(means[R10]),
        recall_at_100=float(means[R100]),
        per_query=per_query,
    )


def paired_p_value(one: Mapping[str, float], other: Mapping[str, float], *, seed: int = 20261123) -> float:
    """Two-sided sign-flip permutation p-value of the mean difference over the queries of both.

    Raises:
        ValueError: If the two were not measured on the same queries.
    """
    if one.keys() != other.keys():
        raise ValueError("the two arms were measured on different queries")
    differences = np.array([one[query] - other[query] for query in one])
    return sign_flip_p_value(differences, seed=seed)
