"""``jmedqa case run``: complete records, going on where it stopped, and options that do not go together."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cases.cli import STAGES, app
from benchmarks.cases.gold import gold_outputs
from benchmarks.cases.keys import CaseKey, KeyPoint, QuestionKey
from benchmarks.cases.propagation import error_propagation
from benchmarks.cases.records import ANSWERS, CaseRun
from service.cases import SYNTHETIC, BadCase, load_protocol
from service.cases.agents import CaseAnswer

CASE = str(STAGES / "neph-01.toml")
QUESTIONS = list(load_protocol().question_ids)


def run(out: Path, *options: str) -> dict[str, object]:
    done = CliRunner().invoke(
        app, ["run", CASE, "--retrieval", "none", "--out", str(out), "--json", *options]
    )
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def asked(out: Path) -> list[str]:
    lines = (out / ANSWERS).read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["question_id"] for line in lines]


def test_a_run_goes_on_after_a_kill_in_the_middle_of_a_line(tmp_path: Path) -> None:
    whole = run(tmp_path)
    assert asked(tmp_path) == QUESTIONS
    answers = tmp_path / ANSWERS
    lines = answers.read_bytes().splitlines(keepends=True)
    answers.write_bytes(b"".join(lines[:4]) + lines[4][:40])
    assert run(tmp_path) == whole
    assert asked(tmp_path) == QUESTIONS
    assert answers.read_bytes().splitlines(keepends=True)[:4] == lines[:4], (
        "finished ones are not asked again"
    )


def test_a_folder_holds_one_run(tmp_path: Path) -> None:
    run(tmp_path)
    options = ["run", CASE, "--retrieval", "none", "--carry", "own_output", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, options)
    assert done.exit_code == 2
    assert "--out" in done.output


def test_a_damaged_record_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / ANSWERS).write_text('{"case_id": "neph-01"}\n', encoding="utf-8")
    with pytest.raises(BadCase, match="line 1"):
        CaseRun(tmp_path, {}).open()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--retrieval", "sometimes"], "per_question"),
        (["--carry", "some"], "gold_output"),
        (["--strategy-per-question", "Q2=guess"], "stepwise"),
        (["--strategy-per-question", "Q10=single"], "Q9"),
        (["--retrieval", "filtered"], "--filter-doc"),
        (["--retrieval", "none", "--filter-doc", "x"], "--filter-doc"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(tmp_path: Path, options: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["run", CASE, "--out", str(tmp_path / "run"), *options])
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "run").exists()


def test_records_survive_the_round_trip(tmp_path: Path) -> None:
    kept = CaseRun(tmp_path, {"a": 1})
    kept.open()
    record = CaseAnswer(case_id="neph-01", stage="history", question_id="Q1", skipped="無い")
    kept.append(record)
    assert CaseRun(tmp_path, {"a": 1}).open() == {"neph-01": {"Q1": record}}


def test_error_propagation_is_own_minus_gold_where_both_were_scored() -> None:
    own = {("a", "Q2"): 1.0, ("b", "Q2"): 2.0, ("a", "Q10"): 0.0, ("b", "Q10"): 2.0}
    gold = {("a", "Q2"): 1.0, ("b", "Q2"): 2.0, ("a", "Q10"): 2.0}
    found = error_propagation(own, gold)
    assert [(row.question, row.cases, row.score) for row in found] == [("Q2", 2, 0.0), ("Q10", 1, -2.0)]
    with pytest.raises(ValueError, match="share no"):
        error_propagation({("a", "Q1"): 1.0}, {("b", "Q1"): 1.0})


def test_gold_answers_begin_with_the_weightiest_point() -> None:
    points = (KeyPoint(text="軽い", weight=1), KeyPoint(text="重い", weight=3))
    key = CaseKey(
        case_id="gold-01",
        status=SYNTHETIC,
        gold_diagnosis="病",
        questions={"Q1": QuestionKey(key_points=points)},
    )
    assert gold_outputs(key) == {"Q1": "- 重い\n- 軽い"}
