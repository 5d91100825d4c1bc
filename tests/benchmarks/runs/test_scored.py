"""A choice settled by one token: spellings summed, ties and absences never a label, resumed as it was."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest

from benchmarks.runs.folder import read_records
from benchmarks.runs.scored import label_probabilities, most_likely
from tests.benchmarks.runs.sample_run import EXTRACTIVE, model_table, write_config, write_data
from tests.benchmarks.runs.test_runner import bench, ran
from tests.service.model_server import ModelServer

LETTERS = ("A", "B", "C")


def logs(**shares: float) -> list[tuple[str, float]]:
    return [(token.replace("_", " "), math.log(share)) for token, share in shares.items()]


@pytest.mark.parametrize(
    ("top", "labels", "shares"),
    [
        (logs(A=0.5, B=0.25), LETTERS, {"A": 2 / 3, "B": 1 / 3}),
        (logs(A=0.2, _A=0.2, a=0.1, B=0.3), LETTERS, {"A": 0.625, "B": 0.375}),
        ([("Ａ", math.log(0.4)), ("Ｂ", math.log(0.1))], LETTERS, {"A": 0.8, "B": 0.2}),
        (logs(The=0.9, C=0.01), LETTERS, {"C": 1.0}),
        (logs(The=0.9, 答=0.1), LETTERS, {}),
        ([("", -0.1), (" ", -0.2), ("A", -1.0)], LETTERS, {"A": 1.0}),
        ([], LETTERS, {}),
        (logs(yes=0.5, no=0.25, may=0.25), ("yes", "no", "maybe"), {"yes": 0.5, "no": 0.25, "maybe": 0.25}),
        ([("1", math.log(0.6)), ("2", math.log(0.2))], ("1", "2", "10"), {"1": 0.75, "2": 0.25}),
        ([("①", math.log(0.6)), ("②", math.log(0.2))], ("1", "2"), {"1": 0.75, "2": 0.25}),
        ([("a", -math.inf), ("b", -1.0)], ("a", "b"), {"a": 0.0, "b": 1.0}),
        ([("n", -0.1)], ("no", "none"), {}),  # the beginning of both
    ],
)
def test_the_spellings_of_a_label_count_together(
    top: list[tuple[str, float]], labels: tuple[str, ...], shares: dict[str, float]
) -> None:
    assert label_probabilities(top, labels) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("shares", "label"),
    [({"A": 0.6, "B": 0.4}, "A"), ({"B": 1.0}, "B"), ({"A": 0.5, "B": 0.5}, None), ({}, None)],
)
def test_a_tie_and_an_absence_are_no_label(shares: dict[str, float], label: str | None) -> None:
    assert most_likely(shares) == label


def by_prompt(body: dict[str, Any]) -> list[tuple[str, float]]:
    """Decided by the messages alone; each fifth prompt has no label, each other fifth a tie."""
    digest = hashlib.sha256(json.dumps(body["messages"], ensure_ascii=False).encode()).digest()[0]
    letters = ["a", "b", "c", "d", "e"] if "a" in body["messages"][-1]["content"] else ["yes", "no", "maybe"]
    if digest % 5 == 0:
        return [("The", -0.1), ("答", -2.0)]
    if digest % 5 == 1:
        return [(letters[0], -1.0), (letters[1], -1.0)]
    return [(letters[digest % len(letters)], -0.5), (letters[(digest + 1) % len(letters)], -1.5)]


@pytest.fixture
def config(tmp_path: Path, model: ModelServer, address: str, run_index: Path) -> Path:
    model.top = by_prompt
    data = write_data(tmp_path / "data", questions=6, papers=4)
    return write_config(
        tmp_path / "run.toml", data, run_index, model_table(address), 'prompts = ["scored", "labelled"]'
    )


def test_scored_arms_ask_one_token_and_keep_its_shares(
    config: Path, tmp_path: Path, model: ModelServer
) -> None:
    records = read_records(ran(config, tmp_path / "out", "--private"))
    scored = [record for record in records if record.arm.endswith("/scored")]
    assert len(scored) == len(records) / 2
    asked = [body for body in model.requests if body.get("logprobs")]
    assert len(asked) == len(scored)
    assert {(body["max_tokens"], body["top_logprobs"]) for body in asked} == {(1, 20)}
    statuses = {record.parsed.status for record in scored}
    assert statuses == {"parsed", "unparsed"}
    for record in scored:
        assert record.probabilities is not None
        label = most_likely(record.probabilities)
        assert record.parsed.value == ((label,) if label else None) or not label
        assert (record.parsed.status == "parsed") == (label is not None)
        assert record.response is not None
        assert record.response.choice == label
    assert all(record.probabilities is None for record in records if record.arm.endswith("/labelled"))
    assert all(record.parsed.status != "transport_error" for record in records)


def test_a_server_without_logprobs_is_a_failure(config: Path, tmp_path: Path, model: ModelServer) -> None:
    model.mode = "not_streamed"  # a whole reply, as asked for, and no logprobs in it
    records = read_records(ran(config, tmp_path / "out", "--private", "--limit", "1"))
    scored = [record for record in records if record.arm == "stub/closed_book/scored"]
    assert scored
    assert {record.parsed.status for record in scored} == {"transport_error"}


def test_without_a_model_server_there_are_no_scored_arms(tmp_path: Path, run_index: Path) -> None:
    data = write_data(tmp_path / "data", questions=1, papers=1)
    config = write_config(
        tmp_path / "run.toml", data, run_index, EXTRACTIVE, 'prompts = ["scored", "labelled"]'
    )
    records = read_records(ran(config, tmp_path / "out"))
    assert {record.arm.rsplit("/", 1)[1] for record in records} == {"labelled"}


def test_the_report_sets_scored_arms_beside_the_others(config: Path, tmp_path: Path) -> None:
    out = ran(config, tmp_path / "out", "--private")
    assert bench("report", str(out)).exit_code == 0
    assert "scored" in (out / "report" / "report.md").read_text(encoding="utf-8")
