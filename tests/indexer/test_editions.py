"""Editions in the index: the current one is found, the others open by id and name it."""

from pathlib import Path

import pytest

from corpora import CorpusError, Locator
from indexer import MODES, Filters, HybridIndex, IndexSettings, build_index
from tests.indexer.conftest import document, write_random_vectors
from tests.indexer.test_cli import call, data, write_lines

CHAIN = [
    document("guide-2015", "腎臓の検査の旧い手引き", edition="第1版"),
    document("guide-2020", "腎臓の検査の手引き", edition="第2版", supersedes=("guide-2015",)),
    document("guide-2026", "腎臓の検査の新しい手引き", edition="第3版", supersedes=("guide-2020",)),
    document("other", "肺の検査"),
]


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    vectors = write_random_vectors(tmp_path / "v.npz", CHAIN)
    build_index(CHAIN, tmp_path / "ix", IndexSettings(vectors=(vectors,)))
    return tmp_path / "ix"


def test_only_the_current_edition_is_found_in_every_mode(index_dir: Path) -> None:
    with HybridIndex.open(index_dir) as index:
        assert index.manifest.counts.superseded == 2
        for mode in MODES:
            found = {hit.passage_id for hit in index.search("腎臓の検査の手引き", k=9, mode=mode).hits}
            assert found == {"guide-2026", "other"}, mode
            asked = Filters(superseded="only")
            older = {hit.passage_id for hit in index.search("腎臓の検査", k=9, filters=asked, mode=mode).hits}
            assert older == {"guide-2015", "guide-2020"}, mode


def test_an_old_passage_opens_and_names_the_current_edition(index_dir: Path) -> None:
    with HybridIndex.open(index_dir) as index:
        assert index.passage("guide-2015").superseded_by == ("guide-2026",)
        assert index.passage("guide-2020").superseded_by == ("guide-2026",)
        assert index.passage("guide-2020").supersedes == ("guide-2015",)
        assert index.passage("guide-2026").superseded_by == ()


def test_a_passage_keeps_all_that_its_document_says(tmp_path: Path) -> None:
    full = document(
        "full",
        "腎臓の検査。",
        title="題",
        source="学会",
        licence="CC0-1.0",
        published="2026-04-01",
        edition="第3版",
        language="ja",
        supersedes=["never-read"],
        tags=["腎臓", "検査"],
        unreviewed=True,
        locators=[Locator(start=0, end=6, page=3, box=(1.0, 2.0, 3.0, 4.0))],
    )
    vectors = write_random_vectors(tmp_path / "v.npz", [full])
    build_index([full], tmp_path / "ix", IndexSettings(vectors=(vectors,)))
    with HybridIndex.open(tmp_path / "ix") as index:
        stored = index.passage("full")
    for name in type(stored).model_fields.keys() - {"passage", "superseded_by"}:
        assert getattr(stored, name) == getattr(full, name), name
    assert stored.passage.locate(0, 1) == full.locators


def test_a_circle_stops_the_build_and_the_live_index_stays(index_dir: Path) -> None:
    circle = [*CHAIN[1:], CHAIN[0].model_copy(update={"supersedes": ("guide-2026",)})]
    with pytest.raises(CorpusError, match="'guide-2015' → 'guide-2026' → 'guide-2020' → 'guide-2015'"):
        build_index(circle, index_dir)
    with HybridIndex.open(index_dir) as index:
        assert index.generation.startswith("000001")


def test_the_build_says_which_editions_are_not_there(tmp_path: Path) -> None:
    lines = [{"id": "new", "text": "腎臓の検査", "supersedes": "old"}]
    corpus = write_lines(tmp_path / "c.jsonl", lines)
    built = call("build", "--corpus", corpus, "--out", tmp_path / "ix")
    assert built.exit_code == 0
    assert "'new' supersedes 'old', which no document of the corpus is" in built.stderr
    assert data("info", "--index", tmp_path / "ix")["notes"] == [
        "'new' supersedes 'old', which no document of the corpus is"
    ]


def test_the_command_marks_old_editions(index_dir: Path) -> None:
    search = ["search", "--index", index_dir, "腎臓の検査", "--k", 9]
    assert "guide-2015" not in call(*search).stdout
    shown = call(*search, "--filter", "superseded=include").stdout
    assert shown.count("superseded by guide-2026") == 2
    hits = data(*search, "--filter", "superseded=only", "--filter", "editions=第1版")["hits"]
    assert [(hit["doc_id"], hit["superseded_by"]) for hit in hits] == [("guide-2015", ["guide-2026"])]


def test_a_run_is_filtered_too(index_dir: Path, tmp_path: Path) -> None:
    queries = write_lines(tmp_path / "q.jsonl", [{"id": "1", "text": "腎臓"}])
    run = tmp_path / "run.trec"
    arguments = ["--queries", queries, "--run", run, "--filter", "doc_ids=other"]
    assert call("search", "--index", index_dir, *arguments).exit_code == 0
    assert [line.split()[2] for line in run.read_text().splitlines()] == ["other"]


def test_a_bad_filter_is_a_bad_request(index_dir: Path) -> None:
    result = call("search", "--index", index_dir, "腎臓", "--filter", "sorces=学会")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'sorces=学会' names no field" in result.stderr
