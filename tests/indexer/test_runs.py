"""Batch search: files of queries are read strictly, runs mean to trec_eval what the search returned."""

from pathlib import Path

import ir_measures
import pytest
from ir_measures import RR

from corpora import SplitSettings
from indexer import Hit, HybridIndex, IndexSettings, InvalidQuery, build_index
from indexer.runs import Query, read_queries, run_lines, search_units
from tests.indexer.conftest import document


def test_queries_are_read(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(
        '\ufeff{"id": "a", "text": "腎臓", "more": 1}\n\n{"id": 2, "text": "肺"}\r\n', encoding="utf-8"
    )
    assert read_queries(path) == [Query("a", "腎臓"), Query("2", "肺")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"no json", "not JSON"),
        (b'{"id": "1", "text": ', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'["1", "text"]', "an object|a JSON object"),
        (b'{"id": "1"}', '"text"'),
        (b'{"text": "a"}', '"id"'),
        (b'{"id": true, "text": "a"}', '"id"'),
        (b'{"id": "1", "text": 5}', '"text"'),
        (b'{"id": "1", "text": " "}', "empty"),
        (b'{"id": "1 2", "text": "a"}', "white space"),
        (b'{"id": "", "text": "a"}', "empty"),
        (b'{"id": "1", "text": "\\ud800"}', "lone surrogate"),
        (b'{"id": "ok", "text": "a"}', "stands twice"),
        (b'{"id": "1", "text": "\xff"}', "not JSON"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(b'{"id": "ok", "text": "a"}\n' + line + b"\n")
    with pytest.raises(InvalidQuery, match=rf"q\.jsonl:2: .*({message})"):
        read_queries(path)


def test_a_file_without_queries_is_refused(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text("\n")
    with pytest.raises(InvalidQuery, match="holds no query"):
        read_queries(tmp_path / "q.jsonl")
    with pytest.raises(InvalidQuery, match="cannot be read"):
        read_queries(tmp_path / "missing.jsonl")


def test_trec_eval_reads_our_order_even_where_scores_tie(tmp_path: Path) -> None:
    """trec_eval alone would put the last id first. Each id in turn is the relevant one."""
    hits = [Hit(name, 0.016) for name in "abcdefgh"] + [Hit("i", 0.016 - 1e-12), Hit("j", -1.0)]
    run = tmp_path / "run.trec"
    run.write_text("\n".join(run_lines("q", hits, "hybrid")))
    for rank, hit in enumerate(hits, start=1):
        qrels = [ir_measures.Qrel("q", hit.passage_id, 1)]
        value = ir_measures.pytrec_eval.calc_aggregate([RR], qrels, ir_measures.read_trec_run(str(run)))[RR]
        assert value == pytest.approx(1 / rank)


def test_a_run_line_has_six_columns() -> None:
    assert list(run_lines("q1", [Hit("d", 0.5)], "dense")) == ["q1 Q0 d 1 0.5 dense"]


def test_an_id_with_a_space_cannot_stand_in_a_run() -> None:
    with pytest.raises(InvalidQuery, match="white space"):
        list(run_lines("q", [Hit("a b", 1.0)], "dense"))


def test_a_document_counts_by_its_best_passage(tmp_path: Path) -> None:
    """Two long documents of many passages must not crowd out the third."""
    long = "腎臓の検査を行う。" * 12
    documents = [document("one", long), document("two", long), document("three", "肺の検査を行う。")]
    documents += [document(f"other{number:02d}", f"項目{number}の説明") for number in range(25)]
    build_index(documents, tmp_path, IndexSettings(split=SplitSettings(max_width=40)))
    with HybridIndex.open(tmp_path) as index:
        assert index.manifest.counts.passages > 5
        passages = search_units(index, "腎臓の検査", 3, "lexical", "passage")
        ranked = search_units(index, "腎臓の検査", 3, "lexical", "document")
    assert {hit.passage_id.partition("~")[0] for hit in passages} <= {"one", "two"}
    assert [hit.passage_id for hit in ranked] == ["one", "two", "three"]
    assert [hit.score for hit in ranked] == sorted((hit.score for hit in ranked), reverse=True)
