"""A run in waves comes to the records of a live run; what a batch lacks or failed is never an answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.runs.folder import read_records
from tests.benchmarks.runs.sample_run import model_table, reply, write_config, write_data
from tests.benchmarks.runs.test_runner import bench, ran
from tests.service.model_server import MODEL


@pytest.fixture
def config(tmp_path: Path, address: str, run_index: Path) -> Path:
    data = write_data(tmp_path / "data", questions=4, papers=2)
    table = model_table(address) + f'model = "{MODEL}"\n'
    return write_config(tmp_path / "run.toml", data, run_index, table)


def completion(body: dict[str, Any], text: str, reason: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "refusal": None}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": usage,
    }


def answered(line: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """What `vllm run-batch` writes for a request line."""
    body = completion(line["body"], reply(line["body"]))
    response = {"status_code": 200, "request_id": "vllm-batch-1", "body": body}
    return {"id": "vllm-1", "custom_id": line["custom_id"], "response": response, "error": None} | changed


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def wave(config: Path, out: Path, number: int, *replies: Path, more: tuple[str, ...] = ()) -> dict[str, Any]:
    given = [part for file in replies for part in ("--replies", str(file))]
    requests = out.parent / f"requests-{number}.jsonl"
    command = ["batch", "--config", str(config), "--out", str(out), "--requests", str(requests), "--private"]
    done = bench(*command, *given, "--json", *more)
    assert done.exit_code == 0, done.output
    counts: dict[str, Any] = json.loads(done.stdout)
    return counts


def test_waves_come_to_the_records_of_a_live_run(config: Path, tmp_path: Path) -> None:
    live = {record.cell: record for record in read_records(ran(config, tmp_path / "live", "--private"))}
    out = tmp_path / "out"
    replies: list[Path] = []
    opened: list[int] = []
    for number in range(1, 12):
        counts = wave(config, out, number, *replies[-1:])
        opened.append(counts["open"])
        requests = lines(tmp_path / f"requests-{number}.jsonl")
        assert len(requests) == counts["requests"]
        if not counts["open"]:
            break
        file = tmp_path / f"replies-{number}.jsonl"
        file.write_text("".join(json.dumps(answered(one)) + "\n" for one in requests), encoding="utf-8")
        replies.append(file)
    assert opened[0] == len(live)
    assert opened[-1] == 0
    assert opened == sorted(opened, reverse=True)
    made = {record.cell: record for record in read_records(out)}
    assert made.keys() == live.keys()
    told = {"prompt_tokens", "completion_tokens"}
    for cell, record in made.items():
        assert record.request == live[cell].request
        assert record.model_copy(update=dict.fromkeys(told)).outcome == (
            live[cell].model_copy(update=dict.fromkeys(told)).outcome
        )
    assert bench("report", str(out)).exit_code == 0


def test_a_request_is_openais_and_is_asked_once(config: Path, tmp_path: Path) -> None:
    wave(config, tmp_path / "out", 1)
    requests = lines(tmp_path / "requests-1.jsonl")
    assert len({one["custom_id"] for one in requests}) == len(requests)
    for one in requests:
        assert set(one) == {"custom_id", "method", "url", "body"}
        assert (one["method"], one["url"]) == ("POST", "/v1/chat/completions")
        assert one["body"]["model"] == MODEL
        assert "stream" not in one["body"]
    again = wave(config, tmp_path / "out", 2)
    assert again["requests"] == len(requests)
    repeated = {one["custom_id"]: one for one in lines(tmp_path / "requests-2.jsonl")}
    assert repeated == {one["custom_id"]: one for one in requests}


def _failed(line: dict[str, Any]) -> dict[str, Any]:
    return answered(line, response={"status_code": 400, "body": {"error": {"message": "too long"}}})


def _errored(line: dict[str, Any]) -> dict[str, Any]:
    return answered(line, response=None, error={"message": "engine died"})


def _cut(line: dict[str, Any]) -> dict[str, Any]:
    return answered(line, response={"status_code": 200, "body": completion(line["body"], "切れた", "length")})


def _garbled(line: dict[str, Any]) -> dict[str, Any]:
    return answered(line, response={"status_code": 200, "body": {"choices": [{}]}})


@pytest.mark.parametrize(
    ("spoil", "kind", "status"),
    [
        (_failed, "generator-unavailable", "transport_error"),
        (_errored, "generator-unavailable", "transport_error"),
        (_garbled, "generator-unavailable", "transport_error"),
        (_cut, "generation-truncated", "truncated"),
    ],
)
def test_a_line_that_failed_is_a_failure_and_no_answer(
    config: Path, tmp_path: Path, spoil: Any, kind: str, status: str
) -> None:
    out = tmp_path / "out"
    wave(config, out, 1)
    requests = [one for one in lines(tmp_path / "requests-1.jsonl") if "response_format" not in one["body"]]
    file = tmp_path / "replies.jsonl"
    file.write_text("".join(json.dumps(spoil(one)) + "\n" for one in requests), encoding="utf-8")
    wave(config, out, 2, file)
    records = read_records(out)
    assert records
    assert {(record.failure.kind, record.parsed.status) for record in records if record.failure} == {
        (kind, status)
    }
    assert all(record.response is None for record in records)
    if kind == "generator-unavailable":
        counts = wave(config, out, 3, more=("--retry-failed",))
        assert {one["custom_id"] for one in requests} <= {
            one["custom_id"] for one in lines(tmp_path / "requests-3.jsonl")
        }
        assert counts["records"] + counts["open"] == (4 + 2) * 3


@pytest.mark.parametrize("line", ["{", "[]", '{"custom_id": 1, "response": {}}', '{"id": "x"}', "null"])
def test_a_file_that_is_no_output_is_refused_whole(config: Path, tmp_path: Path, line: str) -> None:
    out = tmp_path / "out"
    wave(config, out, 1)
    good = json.dumps(answered(lines(tmp_path / "requests-1.jsonl")[0]))
    file = tmp_path / "replies.jsonl"
    file.write_text(f"{good}\n{line}\n", encoding="utf-8")
    requests = str(tmp_path / "next.jsonl")
    command = ("batch", "--config", str(config), "--out", str(out), "--requests", requests)
    done = bench(*command, "--replies", str(file))
    assert done.exit_code != 0
    assert "line 2" in str(done.exception)
    assert (out / "batch.jsonl").read_bytes() == b""


def test_a_model_without_a_name_cannot_be_asked_in_a_batch(
    tmp_path: Path, address: str, run_index: Path
) -> None:
    data = write_data(tmp_path / "data", questions=1, papers=1)
    config = write_config(tmp_path / "run.toml", data, run_index, model_table(address))
    requests = str(tmp_path / "next.jsonl")
    done = bench("batch", "--config", str(config), "--out", str(tmp_path / "out"), "--requests", requests)
    assert "needs model" in str(done.exception)
