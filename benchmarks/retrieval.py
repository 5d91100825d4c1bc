"""Retrieval quality: each arm's nDCG@10 and recall@10 on query sets with relevance judgements.

Measures are ir_measures' (nDCG as trec_eval computes it, Järvelin and Kekäläinen, TOIS 2002,
doi:10.1145/582415.582418). A query that no arm answers counts as zero and lowers the mean. Differences
between arms are tested on the same queries by a sign-flip permutation test (Smucker, Allan and
Carterette, CIKM 2007, doi:10.1145/1321440.1321528).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import ir_measures
import numpy as np
from ir_measures import R, nDCG

from corpora import CorpusSettings, Frozen, read_corpus
from indexer import Hit, HybridIndex, IndexSettings, Mode, build_index

DEPTH = 10
"""Rank to which rankings are judged."""

PERMUTATIONS = 10_000

MODES: tuple[Mode, ...] = get_args(Mode)


class RetrievalSet(Frozen):
    """One test collection: JSONL passages, JSONL queries (``id``, ``text``) and TREC qrels."""

    name: str
    passages: str
    queries: str
    qrels: str


SETS = tuple(
    RetrievalSet(
        name=name, passages=f"{name}/{file}", queries=f"{name}/queries.jsonl", qrels=f"{name}/qrels.tsv"
    )
    for name, file in [
        ("nando", "passages.jsonl"),
        ("jsquad", "passages.jsonl"),
        ("pubmedqa-ir", "passages.jsonl"),
    ]
)


class ArmScore(Frozen):
    """One arm on one set: means over all judged queries, and each query's nDCG@10."""

    mode: Mode
    ndcg_at_10: float
    recall_at_10: float
    per_query: Mapping[str, float]


class SetScore(Frozen):
    """All arms on one set, and the p-value of hybrid against the better single arm."""

    name: str
    documents: int
    passages: int
    queries: int
    arms: tuple[ArmScore, ...]
    best_single_arm: Mode
    hybrid_minus_best: float
    p_value: float


def run_set(
    retrieval_set: RetrievalSet, data: Path, work: Path, settings: IndexSettings | None = None
) -> SetScore:
    """Index one set below ``work`` (an index that is there already is brought up to date) and score it.

    Args:
        data: The test-data folder.
    """
    corpus = CorpusSettings()
    out = work / retrieval_set.name
    build_index(read_corpus([data / retrieval_set.passages], corpus), out, settings or IndexSettings())
    queries = read_queries(data / retrieval_set.queries)
    qrels = read_qrels(data / retrieval_set.qrels)
    with HybridIndex.open(out) as index:
        found = {query_id: document_rankings(index, text) for query_id, text in queries.items()}
        arms = tuple(
            score(mode, {query_id: rankings[mode] for query_id, rankings in found.items()}, qrels)
            for mode in MODES
        )
        counts = (index.manifest.counts.documents, index.manifest.counts.passages)
    hybrid = next(arm for arm in arms if arm.mode == "hybrid")
    best = max((arm for arm in arms if arm.mode != "hybrid"), key=lambda arm: arm.ndcg_at_10)
    return SetScore(
        name=retrieval_set.name,
        documents=counts[0],
        passages=counts[1],
        queries=len(queries),
        arms=arms,
        best_single_arm=best.mode,
        hybrid_minus_best=hybrid.ndcg_at_10 - best.ndcg_at_10,
        p_value=paired_p_value(hybrid.per_query, best.per_query),
    )


def read_queries(path: Path) -> dict[str, str]:
    """Read ``{"id", "text"}`` lines, in file order."""
    with path.open(encoding="utf-8") as file:
        return {row["id"]: row["text"] for row in map(json.loads, file)}


def read_qrels(path: Path) -> list[ir_measures.Qrel]:
    """Read TREC judgements: ``query_id 0 passage_id relevance``, separated by white space."""
    with path.open(encoding="utf-8") as file:
        rows = [line.split() for line in file if line.strip()]
    return [ir_measures.Qrel(query_id, doc_id, int(grade)) for query_id, _, doc_id, grade in rows]


def document_rankings(index: HybridIndex, query: str, depth: int = DEPTH) -> dict[Mode, list[Hit]]:
    """Rank documents by their best passage, in every mode, from one search.

    Returns:
        For each mode the documents, best first, ``depth`` of them where that many are found.
    """
    k = 2 * depth
    while True:
        result = index.search(query, k, mode="hybrid")
        rankings: dict[Mode, Sequence[Hit]] = {"hybrid": result.hits}
        rankings |= {arm.name: arm.hits for arm in result.arms}
        folded = {mode: fold_to_documents(index, rankings[mode]) for mode in MODES}
        if all(len(folded[mode]) >= depth or len(rankings[mode]) < k for mode in MODES):
            return {mode: ranking[:depth] for mode, ranking in folded.items()}
        k *= 2


def fold_to_documents(index: HybridIndex, hits: Sequence[Hit]) -> list[Hit]:
    """Keep each document's best passage: hits of documents, in the order of ``hits``."""
    best: dict[str, float] = {}
    for hit in hits:
        best.setdefault(index.passage(hit.passage_id).passage.doc_id, hit.score)
    return [Hit(doc_id, score) for doc_id, score in best.items()]


def score(mode: Mode, rankings: Mapping[str, Sequence[Hit]], qrels: Sequence[ir_measures.Qrel]) -> ArmScore:
    """Score rankings of documents.

    trec_eval orders equal scores by its own rule, so ranks are handed over instead of scores: the order
    judged is the order shown.
    """
    run = [
        ir_measures.ScoredDoc(query_id, hit.passage_id, -float(rank))
        for query_id, ranking in rankings.items()
        for rank, hit in enumerate(ranking)
    ]
    ndcg, recall = nDCG @ DEPTH, R @ DEPTH
    means = ir_measures.calc_aggregate([ndcg, recall], qrels, run)
    per_query = {m.query_id: float(m.value) for m in ir_measures.iter_calc([ndcg], qrels, run)}
    return ArmScore(
        mode=mode, ndcg_at_10=float(means[ndcg]), recall_at_10=float(means[recall]), per_query=per_query
    )


def paired_p_value(one: Mapping[str, float], other: Mapping[str, float], *, seed: int = 20261123) -> float:
    """Two-sided sign-flip permutation p-value of the mean difference over the queries of both.

    Raises:
        ValueError: If the two were not measured on the same queries.
    """
    if one.keys() != other.keys():
        raise ValueError("the two arms were measured on different queries")
    differences = np.array([one[query] - other[query] for query in one])
    observed = abs(differences.sum())
    random = np.random.default_rng(seed)
    extreme = sum(
        int(
            (abs(random.choice((-1.0, 1.0), (500, len(differences))) @ differences) >= observed - 1e-12).sum()
        )
        for _ in range(PERMUTATIONS // 500)
    )
    return (extreme + 1) / (PERMUTATIONS + 1)


def table(scores: Sequence[SetScore]) -> str:
    """Render scores as a Markdown table, one row for each set."""
    modes = MODES
    head = "| set (documents, queries) | " + " | ".join(f"{mode} nDCG@10 / R@10" for mode in modes)
    lines = [head + " | hybrid − best arm | p |", "|---|" + "---|" * (len(modes) + 2)]
    for entry in scores:
        by_mode = {arm.mode: arm for arm in entry.arms}
        cells = [f"{by_mode[mode].ndcg_at_10:.3f} / {by_mode[mode].recall_at_10:.3f}" for mode in modes]
        lines.append(
            f"| {entry.name} ({entry.documents:,}, {entry.queries:,}) | {' | '.join(cells)} | "
            f"{entry.hybrid_minus_best:+.3f} ({entry.best_single_arm}) | {entry.p_value:.4f} |"
        )
    return "\n".join(lines)
