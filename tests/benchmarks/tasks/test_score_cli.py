"""`jmedqa bench score` on real data: predictions in, one JSON object out, errors that name the row."""

import csv
import json
from pathlib import Path

import pytest

from tests.requirements import data_folder
from tests.test_cli import jmedqa

KEYS = ["task", "n", "correct", "accuracy", "points", "points_max", "unparsed", "metrics"]


def score(*arguments: object) -> tuple[int, str, str]:
    done = jmedqa("bench", "score", *map(str, arguments))
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def exam() -> Path:
    return data_folder("igakuqa119")


@pytest.fixture
def gold(exam: Path, tmp_path: Path) -> Path:
    answers = tmp_path / "answers.jsonl"
    with (exam / "correct_answers.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))[1:]
    lines = [json.dumps({"id": row[0], "text": f"答え: {row[1]}"}, ensure_ascii=False) for row in rows]
    answers.write_text("\n".join(lines), encoding="utf-8")
    return answers


def test_the_key_itself_gets_every_point_but_those_of_the_question_with_two_keys(
    exam: Path, gold: Path
) -> None:
    code, out, err = score("--task", "igakuqa119", "--data", exam, "--answers", gold, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert list(found) == KEYS
    # Of 119E28 a or c is right; the key's row names both, which is no answer. It is worth 3 points.
    assert (found["n"], found["correct"], found["points"], found["points_max"]) == (400, 399, 497, 500)


def test_missing_predictions_are_unparsed_and_wrong(exam: Path, gold: Path) -> None:
    lines = gold.read_text(encoding="utf-8").splitlines()
    gold.write_text("\n".join(lines[:100]), encoding="utf-8")
    _, out, _ = score("--task", "igakuqa119", "--data", exam, "--answers", gold, "--json")
    found = json.loads(out)
    assert (found["n"], found["correct"], found["unparsed"]) == (400, 100, 300)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"id": "119A1", "text": "a"}\n{"id": ', "2"),
        ('{"id": "119A1", "text": "a"}\n{"id": "119A1", "text": "b"}', "119A1"),
        ('{"id": "no such question", "text": "a"}', "no such question"),
        ('{"id": "119A1"}', "text"),
    ],
)
def test_broken_predictions_are_named(exam: Path, tmp_path: Path, content: str, said: str) -> None:
    answers = tmp_path / "answers.jsonl"
    answers.write_text(content, encoding="utf-8")
    code, out, err = score("--task", "igakuqa119", "--data", exam, "--answers", answers, "--json")
    assert code in (2, 3)
    assert out == ""
    assert said in err


def test_an_unknown_task_is_told_the_known_ones(tmp_path: Path) -> None:
    code, _, err = score("--task", "nonsense", "--data", tmp_path, "--answers", tmp_path)
    assert code == 2
    assert "igakuqa119" in err
