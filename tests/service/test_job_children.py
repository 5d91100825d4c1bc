"""A child process is known for good: never mistaken for another that got its number."""

import os
from pathlib import Path

import pytest

from service.jobs.children import Child, read_child, start, write_child
from service.jobs.lines import read_lines


@pytest.fixture
def this() -> Child:
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return Child(process_id=os.getpid(), started=int(fields[19]), boot=boot)


def test_a_process_is_alive_by_its_number_its_start_and_its_boot(this: Child) -> None:
    assert this.alive
    assert not this.model_copy(update={"started": this.started + 1}).alive
    assert not this.model_copy(update={"boot": "another"}).alive
    assert not this.model_copy(update={"process_id": 2**22 + 1}).alive


def test_another_process_of_the_same_number_is_not_stopped(this: Child) -> None:
    """Else this test would end here."""
    this.model_copy(update={"started": this.started + 1}).stop(grace_s=0.0)
    this.model_copy(update={"boot": "another"}).stop(grace_s=0.0)


def test_who_it_is_outlives_the_server(this: Child, tmp_path: Path) -> None:
    file = tmp_path / "job.child"
    write_child(file, this)
    assert read_child(file) == this
    assert read_child(tmp_path / "none") is None
    file.write_text("{", encoding="utf-8")
    assert read_child(file) is None


def test_what_it_prints_is_for_its_owner_alone(tmp_path: Path) -> None:
    out, errors = tmp_path / "out", tmp_path / "err"
    _, process = start(["--help"], out, errors, nice=0)
    assert process.wait() == 0
    assert "jmedqa" in out.read_text(encoding="utf-8")
    assert {file.stat().st_mode & 0o777 for file in (out, errors)} == {0o600}


@pytest.mark.parametrize(
    ("text", "progress", "end"),
    [
        ("", None, None),
        ('{"event": "progress", "stage": "read", "done": 1}\n', 1, None),
        ('{"event": "progress", "done": 1}\n{"event": "progress", "done": 2}\n', 2, None),
        ('{"event": "progress", "done": 1}\n{"event": "end", "exit_code": 0}\n', 1, 0),
        ('{"event": "progress", "done": 1}\n{"event": "end", "exit_code": 0}', 1, None),
        ('noise\n[1]\n"x"\n{"event": "other"}\n{"event": "end", "exit_code": 4}\n', None, 4),
        ('{"event": "progress", "done": 3}\n{"event": "prog', 3, None),
    ],
)
def test_half_a_line_is_read_when_it_is_whole(
    tmp_path: Path, text: str, progress: int | None, end: int | None
) -> None:
    file = tmp_path / "out"
    file.write_text(text, encoding="utf-8")
    printed = read_lines(file)
    assert (printed.progress and printed.progress["done"]) == progress
    assert (printed.end["exit_code"] if printed.end else None) == end
