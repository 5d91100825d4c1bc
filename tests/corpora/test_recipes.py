"""Recipes name terms and commands; what a leave-out file names is in no index."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app as bench
from benchmarks.tasks import TASKS
from corpora import CorpusError, CorpusSettings, ReadReport, read_corpus
from corpora.cli import app as corpus
from corpora.recipes import shipped
from indexer.cli import app as index
from tests.benchmarks.runs.sample_run import write_data


def test_every_corpus_that_a_task_names_has_a_recipe_or_is_shipped() -> None:
    assert {task.corpus for task in TASKS.values() if task.corpus} <= shipped().keys() | {"starter"}


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_recipes_configuration_is_one_that_a_build_takes(name: str) -> None:
    from indexer.settings import BuildJob

    BuildJob.model_validate(tomllib.loads(shipped()[name].build))


def test_leaks_name_tasks_that_there_are() -> None:
    named = {leak.task for one in shipped().values() for leak in one.leaks if "retrieval" not in leak.task}
    assert named <= TASKS.keys()


def test_recipes_are_listed_and_shown_and_an_unknown_one_is_named() -> None:
    listed = CliRunner().invoke(corpus, ["recipes"]).stdout.splitlines()
    assert len(listed) == len(shipped())
    shown = CliRunner().invoke(corpus, ["recipes", "pubmed"]).stdout
    assert "bench leave-out" in shown
    assert "pubmedqa-question" in shown
    assert "no such recipe: pubmde" in str(CliRunner().invoke(corpus, ["recipes", "pubmde"]).exception)


def corpus_of(folder: Path, ids: list[str]) -> Path:
    folder.mkdir()
    lines = [f'{{"id": "{name}", "text": "血清カリウム値の研究 {name} である。"}}' for name in ids]
    (folder / "papers.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_documents_that_a_leave_out_file_names_are_not_read_and_counted(tmp_path: Path) -> None:
    folder = corpus_of(tmp_path / "corpus", ["PMID:1", "PMID:2", "PMID:12"])
    listed = tmp_path / "leave.ids"
    listed.write_text("# why\nPMID:1  # its own abstract\n\nPMID:999\n", encoding="utf-8")
    report = ReadReport()
    found = read_corpus([folder], CorpusSettings(leave_out=(listed,)), report)
    assert [document.doc_id for document in found] == ["PMID:2", "PMID:12"]
    assert report.left_out == 1


def test_a_leave_out_file_that_is_missing_stops_the_build(tmp_path: Path) -> None:
    folder = corpus_of(tmp_path / "corpus", ["PMID:1"])
    with pytest.raises(CorpusError, match="leave_out"):
        list(read_corpus([folder], CorpusSettings(leave_out=(tmp_path / "none.ids",))))


def test_the_ids_a_task_was_made_from_are_kept_out_of_a_built_index(tmp_path: Path) -> None:
    data = write_data(tmp_path / "data", papers=3)
    corpus_of(tmp_path / "corpus", ["PMID:90000001", "PMID:90000003", "PMID:5"])
    listed = tmp_path / "leave.ids"
    arguments = ["--task", "pubmedqa-question", "--data", str(data / "papers"), "--prefix", "PMID:"]
    assert CliRunner().invoke(bench, ["leave-out", *arguments, "--out", str(listed)]).exit_code == 0
    config = tmp_path / "index.toml"  # paths are relative to it
    config.write_text('[[corpus]]\npaths = ["corpus"]\nleave_out = ["leave.ids"]\n', encoding="utf-8")
    built = CliRunner().invoke(
        index, ["build", "--config", str(config), "--out", str(tmp_path / "out"), "--json"]
    )
    assert built.exit_code == 0, built.output
    found = CliRunner().invoke(
        index, ["search", "血清カリウム値", "--index", str(tmp_path / "out"), "--json"]
    )
    assert "PMID:5" in found.stdout
    assert "PMID:9" not in found.stdout
