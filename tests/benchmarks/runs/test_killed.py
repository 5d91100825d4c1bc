"""A run that is killed at any moment goes on where it stopped: same results, nothing that arrived is asked
again. The runs are real processes, killed with SIGKILL; the model server counts what it is asked."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from benchmarks.runs.folder import RECORDS, read_records, read_rows
from benchmarks.runs.journal import NAME, _Reply
from benchmarks.runs.records import Record
from tests.benchmarks.runs.conftest import RunProcesses
from tests.benchmarks.runs.sample_run import model_table, write_config, write_data
from tests.service.model_server import ModelServer

PLACES = 3


def outcomes(out: Path) -> dict[str, object]:
    return {record.cell.model_dump_json(): record.outcome for record in read_records(out)}


def kept_calls(out: Path) -> int:
    """Calls that the files of a killed run hold."""
    records, _ = read_rows(out / RECORDS, Record)
    finished = {record.request for record in records}
    noted = [row for row in read_rows(out / NAME, _Reply)[0] if row.request not in finished]
    return sum(record.calls for record in records) + len(noted)


def settled(model: ModelServer) -> int:
    """Requests that have arrived, once no more of a dead client come in."""
    while True:
        before = len(model.requests)
        time.sleep(0.03)
        if len(model.requests) == before:
            return before


def kill_until_finished(
    processes: RunProcesses,
    model: ModelServer,
    config: Path,
    out: Path,
    *,
    kills: int,
    longest_s: float,
    draw: random.Random,
) -> tuple[int, int]:
    """Kill a run up to ``kills`` times, then let it finish.

    Returns:
        How often it was killed, and how many requests it made in all.
    """
    model.requests.clear()
    lost = killed = 0
    arguments = ["--config", str(config), "--out", str(out), "--json"]
    while True:
        pid = processes.start([*arguments, "--resume"], out.parent / "said.txt")
        if killed < kills:
            time.sleep(draw.uniform(0.02, longest_s))
            os.kill(pid, signal.SIGKILL)
        code = processes.wait(pid)
        assert code in (0, -signal.SIGKILL), (out.parent / "said.txt").read_text(encoding="utf-8")[-2000:]
        if code == 0:
            return killed, len(model.requests) - lost
        killed += 1
        asked = settled(model)
        in_flight = asked - lost - kept_calls(out)
        assert 0 <= in_flight <= PLACES, "more was lost than was under way"
        lost += in_flight


@pytest.mark.parametrize(
    ("kills", "seed"), [(10, 1), pytest.param(100, 2, marks=[pytest.mark.crash, pytest.mark.timeout(1_800)])]
)
def test_killed_runs_end_like_whole_ones_and_ask_only_what_was_under_way_again(
    kills: int,
    seed: int,
    processes: RunProcesses,
    model: ModelServer,
    address: str,
    run_index: Path,
    tmp_path: Path,
) -> None:
    data = write_data(tmp_path / "data", questions=7, papers=3)
    config = write_config(tmp_path / "run.toml", data, run_index, model_table(address, places=PLACES))
    began = time.monotonic()
    pid = processes.start(["--config", str(config), "--out", str(tmp_path / "whole")], tmp_path / "said.txt")
    assert processes.wait(pid) == 0, (tmp_path / "said.txt").read_text(encoding="utf-8")
    took = time.monotonic() - began
    whole, requests = outcomes(tmp_path / "whole"), len(model.requests)
    assert len(whole) == 10 * 3

    draw = random.Random(seed)
    done = round_number = 0
    while done < kills:
        out = tmp_path / f"killed-{round_number}"
        killed, asked = kill_until_finished(
            processes, model, config, out, kills=min(kills - done, 12), longest_s=took / 2, draw=draw
        )
        assert outcomes(out) == whole
        assert asked == requests
        done, round_number = done + killed, round_number + 1
        assert not (out / NAME).exists(), "the working file outlives the run"
