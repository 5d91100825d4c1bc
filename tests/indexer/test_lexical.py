"""BM25: rank-bm25 is the reference, for its own formula's scores and rankings."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from indexer import BlockIndex, Hit, LexicalIndex, LexicalSettings, MeCabAnalyzer, RankBM25Index
from indexer.strings import SortedStrings
from tests.requirements import data_folder

Engine = type[LexicalIndex] | type[BlockIndex] | type[RankBM25Index]
ENGINES: tuple[Engine, ...] = (LexicalIndex, BlockIndex, RankBM25Index)


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.__name__)
def engine(request: pytest.FixtureRequest) -> Engine:
    chosen: Engine = request.param
    return chosen


def make(
    engine: Engine, passages: dict[str, str], **constants: float
) -> LexicalIndex | BlockIndex | RankBM25Index:
    """An index of passages whose terms are written apart by spaces."""
    ids = sorted(passages)
    bags = [Counter(passages[passage_id].split()) for passage_id in ids]
    return engine.build(SortedStrings.of(ids), bags, LexicalSettings.model_validate(constants))


def found(hits: Sequence[Hit]) -> list[str]:
    return [hit.passage_id for hit in hits]


def test_only_passages_that_hold_a_term_are_found(engine: Engine) -> None:
    index = make(engine, {"a": "腎 心", "b": "腎 腎", "c": "肺", "d": "肝", "e": "脳"})
    assert found(index.search(["腎"], 10)) == ["b", "a"]


def test_equal_scores_come_in_id_order_even_across_rank_k(engine: Engine) -> None:
    index = make(engine, dict.fromkeys("edcba", "腎") | dict.fromkeys("vwxyz", "肺"))
    assert found(index.search(["腎"], 3)) == ["a", "b", "c"]


def test_a_term_asked_twice_counts_twice(engine: Engine) -> None:
    index = make(engine, {"a": "腎", "b": "肺", "c": "肝", "d": "脳"})
    once, twice = index.search(["腎"], 1)[0].score, index.search(["腎", "腎"], 1)[0].score
    assert twice == pytest.approx(2 * once)


def test_only_allowed_passages_are_found(engine: Engine) -> None:
    index = make(engine, {"a": "腎 腎", "b": "腎", "c": "腎 心", "d": "肺", "e": "肝", "f": "脳"})
    allowed = np.array([False, True, False, True, True, True])
    assert found(index.search(["腎"], 10, allowed)) == ["b"]


def test_matched_terms_come_once_in_the_querys_order(engine: Engine) -> None:
    index = make(engine, {"a": "腎 心", "b": "肺"})
    assert index.matched(["心", "肝", "腎", "心"], [0, 1]) == [("心", "腎"), ()]


@pytest.mark.parametrize("terms", [[], ["無"]])
def test_no_known_term_finds_nothing(engine: Engine, terms: list[str]) -> None:
    assert make(engine, {"a": "腎"}).search(terms, 10) == []


@pytest.mark.parametrize("passages", [{}, {"a": ""}, {"a": "", "b": ""}])
def test_an_empty_index_finds_nothing(engine: Engine, passages: dict[str, str], tmp_path: Path) -> None:
    index = make(engine, passages)
    index.save(tmp_path)
    ids = SortedStrings.of(sorted(passages))
    assert index.search(["腎"], 10) == engine.load(tmp_path, ids).search(["腎"], 10) == []


def test_a_saved_index_finds_the_same(engine: Engine, tmp_path: Path) -> None:
    passages = {"a": "腎 腎 心", "b": "腎", "c": "", "d": "肺 肺", "e": "肝"}
    index = make(engine, passages, k1=1.2, b=0.4, epsilon=0.1)
    index.save(tmp_path)
    loaded = engine.load(tmp_path, SortedStrings.of(sorted(passages)))
    assert loaded.search(["腎", "心", "肺"], 10) == index.search(["腎", "心", "肺"], 10)
    assert [dict(bag) for bag in loaded.bags()] == [
        Counter(passages[name].split()) for name in sorted(passages)
    ]


def test_the_files_engine_maps_its_arrays(tmp_path: Path) -> None:
    make(LexicalIndex, {"a": "腎 心", "b": "肺"}).save(tmp_path)
    loaded = LexicalIndex.load(tmp_path, SortedStrings.of(["a", "b"]))
    assert isinstance(loaded._rows.base, np.memmap)


def test_bags_and_ids_must_go_together(engine: Engine) -> None:
    with pytest.raises(ValueError, match="2 ids, but 1 bags"):
        engine.build(SortedStrings.of(["a", "b"]), [Counter("x")], LexicalSettings())


REFERENCE = LexicalSettings(k1=1.5, b=0.75)
"""rank-bm25's own constants."""

WORDS = st.lists(st.sampled_from("腎心肺肝脳血骨"), max_size=8)


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=8).filter(any), WORDS)
def test_scores_are_rank_bm25s_on_tiny_corpora(corpus: list[list[str]], query: list[str]) -> None:
    """Tiny corpora are where the IDF falls below zero and the floor decides."""
    ids = SortedStrings.of(f"{row:02d}" for row in range(len(corpus)))
    index = LexicalIndex.build(ids, map(Counter, corpus), REFERENCE)
    assert index.scores(query)[0] == pytest.approx(BM25Okapi(corpus).get_scores(query), abs=1e-9)


@pytest.mark.parametrize("corpus", ["nando", "jsquad"])
def test_scores_and_top_ten_are_rank_bm25s_on_real_data(corpus: str, analyzer: MeCabAnalyzer) -> None:
    folder = data_folder(corpus)
    texts = {line["id"]: line["text"] for line in json_lines(folder / "passages.jsonl")}
    ids = sorted(texts)
    tokens = [analyzer.terms(texts[passage_id]) for passage_id in ids]
    reference = BM25Okapi(tokens)
    index = LexicalIndex.build(SortedStrings.of(ids), map(Counter, tokens), REFERENCE)

    queries = [line["text"] for line in json_lines(folder / "queries.jsonl")]
    for query in Random(0).sample(queries, 100):
        terms = analyzer.terms(query)
        expected = reference.get_scores(terms)
        np.testing.assert_allclose(index.scores(terms)[0], expected, rtol=0, atol=1e-6)
        assert_same_top(index.search(terms, 10), dict(zip(ids, expected.tolist(), strict=True)), 10)


def assert_same_top(hits: list[Hit], expected: dict[str, float], k: int) -> None:
    """Equal to the reference's top k, where those that tie at rank k may be exchanged."""
    best = sorted(expected.values(), reverse=True)[:k]
    at_rank_k = best[-1]
    above = {passage_id for passage_id, score in expected.items() if score > at_rank_k + 1e-9}
    assert above <= set(found(hits))
    assert [hit.score for hit in hits] == pytest.approx([score for score in best if score > 0], abs=1e-6)
    assert all(hit.score == pytest.approx(expected[hit.passage_id], abs=1e-6) for hit in hits)


def json_lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_weights_of_terms_scale_their_scores(engine: Engine) -> None:
    ids = SortedStrings.of(["a", "b", "c", "d", "e"])
    bags = [Counter(words) for words in ("xy", "x", "y", "z", "z")]
    index = engine.build(ids, bags, LexicalSettings())
    whole = {hit.passage_id: hit.score for hit in index.search(["y"], 9)}
    half = {hit.passage_id: hit.score for hit in index.search({"y": 0.5}, 9)}
    assert half == pytest.approx({passage_id: score / 2 for passage_id, score in whole.items()})


def test_no_score_exceeds_the_bound(engine: Engine) -> None:
    ids = SortedStrings.of(["a", "b", "c", "d", "e"])
    bags = [Counter("xxxxxxxxy"), Counter("xy"), Counter("z"), Counter("z"), Counter("zz")]
    index = engine.build(ids, bags, LexicalSettings())
    assert index.search(["x", "y"], 1)[0].score < index.bound(["x", "y"])
    assert index.bound(["x", "unknown"]) > index.bound(["x"])
    assert index.bound([]) == 0
