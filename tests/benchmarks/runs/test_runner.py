"""What a run promises beside surviving a kill: every outcome a record, honest failures, licences kept."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmarks.cli import app
from benchmarks.errors import BenchmarkError
from benchmarks.runs.folder import RECORDS, RunFolder, read_manifest, read_passages, read_records
from benchmarks.runs.scoring import read_run, scores
from tests.benchmarks.runs.sample_run import EXTRACTIVE, exam, model_table, write_config, write_data
from tests.service.model_server import ModelServer

CHOICE = "igakuqa"


def bench(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "data", questions=5, papers=3)


@pytest.fixture
def config(tmp_path: Path, data: Path, address: str, run_index: Path) -> Path:
    return write_config(tmp_path / "run.toml", data, run_index, model_table(address))


def ran(config: Path, out: Path, *more: str) -> Path:
    done = bench("run", "--config", str(config), "--out", str(out), "--json", *more)
    assert done.exit_code == 0, done.output
    return out


def test_every_item_of_every_arm_has_one_record_and_scores_come_from_records_alone(
    config: Path, tmp_path: Path, model: ModelServer
) -> None:
    out = ran(config, tmp_path / "out", "--private")
    records = read_records(out)
    assert len(records) == (5 + 3) * 3
    asked = len(model.requests)
    found = {(one.task, one.arm): one.score for one in scores(read_run(out))}
    assert len(found) == 6
    assert {score.n for score in found.values()} == {5, 3}
    assert len(model.requests) == asked, "scoring asks nothing"
    by_hand = sum(
        record.response is not None
        and record.response.choice in next(r["answer"] for r in exam() if r["problem_id"] == record.item)
        for record in records
        if record.task == CHOICE and record.arm == "stub/single/labelled"
    )
    assert found[CHOICE, "stub/single/labelled"].correct == by_hand


def test_arms_answer_the_same_items_and_a_larger_limit_keeps_those_of_a_smaller(
    config: Path, tmp_path: Path
) -> None:
    small = ran(config, tmp_path / "small", "--limit", "2")
    large = ran(config, tmp_path / "large", "--limit", "4")
    items = {
        (record.task, record.arm): {one.item for one in read_records(small) if one.arm == record.arm}
        for record in read_records(small)
    }
    assert len({frozenset(ids) for ids in items.values()}) == 1
    two, four = (read_manifest(out)["tasks"][0]["items"] for out in (small, large))
    assert two == four[:2]


def test_an_evidence_passage_is_kept_once_and_named_by_the_records(config: Path, tmp_path: Path) -> None:
    out = ran(config, tmp_path / "out", "--private")
    kept = read_passages(out)
    lines = (out / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(kept)
    shown = {(r.generation, p) for r in read_records(out) for step in r.steps for p in step.evidence}
    assert shown == kept.keys()


def test_a_server_that_fails_leaves_records_that_are_wrong_and_counted_apart(
    tmp_path: Path, data: Path, run_index: Path, model: ModelServer, address: str
) -> None:
    model.mode = "500"
    config = write_config(
        tmp_path / "run.toml", data, run_index, model_table(address), extra="attempts = 1\nstop_after = 1000"
    )
    out = ran(config, tmp_path / "out")
    assert {record.failure.kind for record in read_records(out) if record.failure} == {
        "generator-unavailable"
    }
    for entry in scores(read_run(out)):
        # A plan's steps without evidence ask no model: such an answer abstains and does not fail.
        assert entry.score.correct == 0
        assert entry.score.metrics["status/failed"] == entry.score.metrics["status/transport_error"]
        assert entry.score.metrics["status/failed"] == entry.score.n

    model.mode = "good"
    again = ran(config, out, "--resume", "--retry-failed")
    assert not any(record.failure for record in read_records(again))


def test_a_full_server_is_asked_again_and_with_fewer_at_once(
    tmp_path: Path, data: Path, model: ModelServer, address: str
) -> None:
    model.mode, model.fail_first = "429", 4
    config = write_config(tmp_path / "run.toml", data, None, model_table(address, places=8))
    done = bench("run", "--config", str(config), "--out", str(tmp_path / "out"), "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert events[-1] == {"event": "done", "records": 8, "failed": 0, "bugs": 0}
    assert min(event["places"]["stub"] for event in events[:-1]) < 8
    assert max(record.attempts for record in read_records(tmp_path / "out")) > 1


def test_a_server_that_is_gone_stops_the_run_which_then_goes_on(
    tmp_path: Path, data: Path, model: ModelServer, address: str
) -> None:
    model.mode = "500"
    config = write_config(
        tmp_path / "run.toml",
        data,
        None,
        model_table(address, places=1),
        extra="attempts = 1\nstop_after = 3",
    )
    done = bench("run", "--config", str(config), "--out", str(tmp_path / "out"))
    assert done.exit_code != 0
    assert "3 failures in a row" in str(done.exception)
    assert len(read_records(tmp_path / "out")) == 3
    model.mode = "good"
    out = ran(config, tmp_path / "out", "--resume", "--retry-failed")
    assert [record.failure for record in read_records(out)] == [None] * 8


def test_a_cut_reply_is_truncated_and_neither_unparsed_nor_an_answer(
    tmp_path: Path, data: Path, model: ModelServer, address: str
) -> None:
    model.mode = "length"
    config = write_config(tmp_path / "run.toml", data, None, model_table(address))
    out = ran(config, tmp_path / "out")
    assert {record.parsed.status for record in read_records(out)} == {"truncated"}


def test_records_of_another_request_are_never_taken_for_this_one(
    config: Path, tmp_path: Path, address: str
) -> None:
    out = ran(config, tmp_path / "out")
    config.write_text(config.read_text(encoding="utf-8").replace("k = 2", "k = 1"), encoding="utf-8")
    done = bench("run", "--config", str(config), "--out", str(out), "--resume")
    assert isinstance(done.exception, BenchmarkError)
    assert "name another --out" in str(done.exception)


def test_a_run_that_has_begun_needs_resume_and_has_one_writer(config: Path, tmp_path: Path) -> None:
    out = ran(config, tmp_path / "out")
    assert "--resume" in str(bench("run", "--config", str(config), "--out", str(out)).exception)
    with RunFolder.open(out, resume=True):
        second = bench("run", "--config", str(config), "--out", str(out), "--resume")
    assert "another process" in str(second.exception)


def test_what_may_not_be_passed_on_is_in_no_file_of_the_run_unless_private(
    config: Path, tmp_path: Path
) -> None:
    """IgakuQA's texts are not to be passed on, PubMedQA's are."""
    out = ran(config, tmp_path / "out")
    texts = "".join(path.read_text(encoding="utf-8") for path in out.iterdir())
    for row in exam(5):
        assert row["problem_text"] not in texts
        assert not any(choice in texts for choice in row["choices"])
    hidden = [record for record in read_records(out) if record.task == CHOICE]
    assert all(record.response and record.response.text is None for record in hidden)
    assert "回答" in texts, "the other task's answers are kept"
    # What was read is enough to score by.
    private = ran(config, tmp_path / "private", "--private")
    assert [entry.score.correct for entry in scores(read_run(out))] == [
        entry.score.correct for entry in scores(read_run(private))
    ]


def test_commercial_refuses_data_that_forbids_it(tmp_path: Path, address: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "nrner.csv").write_text(
        "tag,question,answer\n病名,文書,['頭痛']\n", encoding="utf-8"
    )
    config = tmp_path / "run.toml"
    config.write_text(
        f'data = "{tmp_path / "data"}"\n{EXTRACTIVE}\n'
        '[[tasks]]\ntask = "jmed-llm/nrner"\ndata = "nrner.csv"\n',
        encoding="utf-8",
    )
    done = bench("run", "--config", str(config), "--out", str(tmp_path / "out"), "--commercial")
    assert "NC" in str(done.exception)


def test_no_key_is_written_anywhere(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_KEY", "sk-very-secret")
    text = config.read_text(encoding="utf-8").replace("concurrency = 3", 'api_key_env = "SAMPLE_KEY"', 1)
    config.write_text(text, encoding="utf-8")
    out = ran(config, tmp_path / "out")
    assert not any("sk-very-secret" in path.read_text(encoding="utf-8") for path in out.iterdir())


@pytest.mark.parametrize(
    ("spoil", "kept"),
    [
        (lambda data: data[:-7], 23),  # torn in the middle of the last line
        (lambda data: data + b'{"task": "x"', 24),
        (lambda data: data[:-20] + b"\0" * 19 + b"\n", 23),  # after a loss of power
    ],
)
def test_a_torn_last_line_is_cut_off_and_its_item_asked_again(
    config: Path, tmp_path: Path, spoil: object, kept: int, model: ModelServer
) -> None:
    out = ran(config, tmp_path / "out")
    whole = {record.cell: record.outcome for record in read_records(out)}
    path = out / RECORDS
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]
    assert len(read_records(out)) == kept
    ran(config, out, "--resume")
    assert {record.cell: record.outcome for record in read_records(out)} == whole


def test_a_line_before_the_last_that_is_no_record_stops_with_its_number(config: Path, tmp_path: Path) -> None:
    out = ran(config, tmp_path / "out")
    lines = (out / RECORDS).read_bytes().split(b"\n")
    lines[3] = lines[3][:50]
    (out / RECORDS).write_bytes(b"\n".join(lines))
    done = bench("score", str(out))
    assert f"{RECORDS}:4" in str(done.exception)


def test_repeats_are_asked_with_seeds_of_their_own(
    tmp_path: Path, data: Path, model: ModelServer, address: str
) -> None:
    config = write_config(tmp_path / "run.toml", data, None, model_table(address), extra="repeats = 2")
    out = ran(config, tmp_path / "out")
    assert {body["seed"] for body in model.requests} == {0, 1}
    assert sorted(record.repeat for record in read_records(out)) == [0] * 8 + [1] * 8
