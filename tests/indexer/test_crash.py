"""Kill the builder at any moment: the live index opens and answers, and no half generation ever opens.

The builders are real processes, killed with SIGKILL; a second real process opens and searches all along.
Vectors come from a file, so that a build spends its time on what a kill can break.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from corpora import read_corpus
from indexer import HybridIndex
from indexer.generations import names
from tests.indexer.conftest import write_random_vectors
from tests.requirements import REPOSITORY

BUSY = 4
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)}

READER = """
import sys, time
from pathlib import Path
from indexer import HybridIndex, MeCabAnalyzer
analyzer, opened, generations = MeCabAnalyzer(), 0, set()
print("ready", flush=True)
while not Path(sys.argv[2]).exists():
    with HybridIndex.open(Path(sys.argv[1]), analyzer=analyzer, verify=True) as index:
        assert index.degraded is None, index.degraded
        hits = index.search("腎臓の検査", k=3, mode="lexical").hits
        assert len(hits) == 3, hits
        assert index.passage(hits[0].passage_id).passage.text
        assert len(index.passages) == index.manifest.counts.passages
        generations.add(index.generation)
    opened += 1
print(opened, len(generations))
"""


class Builds:
    """A folder with a corpus and the vectors of its passages, and commands that build an index of it."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "index"
        self.corpus = corpus = folder / "corpus"
        corpus.mkdir()
        texts = [f"腎臓の検査{number}について、{number}.5 mg/dLを基準とする。" * 3 for number in range(300)]
        lines = [json.dumps({"id": f"d{number:03d}", "text": text}) for number, text in enumerate(texts)]
        (corpus / "passages.jsonl").write_text("\n".join(lines))
        write_random_vectors(corpus / "vectors.npz", list(read_corpus([corpus])))
        self._command = [
            sys.executable,
            "-m",
            "indexer.cli",
            "build",
            "--corpus",
            str(corpus),
            "--out",
            str(self.out),
        ]

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command, env=ENVIRONMENT, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
        )

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self._command, env=ENVIRONMENT, cwd=REPOSITORY, capture_output=True, text=True)

    @contextmanager
    def read_all_along(self) -> Iterator[list[int]]:
        """A process that opens (checksums and all) and searches in a loop.

        Yields a list that holds, once the block has ended, how often it opened and how many generations.
        """
        stop = self.out.parent / "stop"
        counted: list[int] = []
        reader = subprocess.Popen(
            [sys.executable, "-c", READER, str(self.out), str(stop)],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        try:
            yield counted
        finally:
            stop.touch()
            output, errors = reader.communicate(timeout=60)
            stop.unlink()
        assert reader.returncode == 0, errors
        counted.extend(int(number) for number in output.split())


@pytest.fixture
def builds(tmp_path: Path) -> Builds:
    made = Builds(tmp_path)
    assert made.run().returncode == 0
    return made


def kill_builds(builds: Builds, kills: int, seed: int) -> int:
    """Start builds and kill each at a moment of its own, spread over a build's duration and a bit more.

    Returns:
        How many were killed before they ended.
    """
    began = time.monotonic()
    assert builds.run().returncode == 0
    duration = time.monotonic() - began
    chance = random.Random(seed)
    killed = 0
    for number in range(kills):
        moment = duration * 1.1 * (number + chance.random()) / kills
        build = builds.start()
        try:
            build.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            build.send_signal(signal.SIGKILL)
        _, errors = build.communicate()
        assert build.returncode in (0, -signal.SIGKILL), errors
        killed += build.returncode == -signal.SIGKILL
        for name in names(builds.out):
            with HybridIndex.open(builds.out, verify=True) as index:
                assert index.degraded is None
            assert (builds.out / "generations" / name / "manifest.json").stat().st_size > 0
    return killed


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_fifty_killed_builds_never_hurt_a_reader(builds: Builds) -> None:
    with builds.read_all_along() as counted:
        killed = kill_builds(builds, kills=50, seed=20260101)
    opened, generations = counted
    assert killed >= 30
    assert opened >= 50
    assert generations >= 2
    assert builds.run().returncode == 0
    assert not (builds.out / "tmp").exists()


@pytest.mark.timeout(200)
def test_a_few_killed_builds_never_hurt_a_reader(builds: Builds) -> None:
    """The fast set's share of the test above."""
    with builds.read_all_along() as counted:
        killed = kill_builds(builds, kills=4, seed=7)
    assert killed >= 2
    assert counted[0] >= 4


def test_a_build_killed_between_its_last_steps_leaves_a_whole_index(builds: Builds) -> None:
    """Killed exactly at each rename and fsync of publishing, which random moments rarely hit."""

    def build_killed_at(step: int) -> subprocess.CompletedProcess[str]:
        script = [sys.executable, "-m", "tests.indexer.killed_build"]
        arguments = [str(builds.corpus), str(builds.out), str(step)]
        return subprocess.run(
            [*script, *arguments], env=ENVIRONMENT, cwd=REPOSITORY, capture_output=True, text=True
        )

    complete = build_killed_at(0)
    assert complete.returncode == 0, complete.stderr
    steps = int(complete.stdout)
    for step in range(steps - 6, steps + 1):
        assert build_killed_at(step).returncode == -signal.SIGKILL
        with HybridIndex.open(builds.out, verify=True) as index:
            assert index.degraded is None
            assert len(index.search("腎臓", k=3, mode="lexical").hits) == 3


def test_of_two_builders_one_wins_and_the_other_says_why(builds: Builds) -> None:
    first = builds.start()
    while not (builds.out / "tmp").exists():
        assert first.poll() is None
        time.sleep(0.001)
    first.send_signal(signal.SIGSTOP)  # it holds the lock, and cannot end before the second came
    try:
        second = builds.run()
    finally:
        first.send_signal(signal.SIGCONT)
    first.communicate(timeout=100)
    assert (first.returncode, second.returncode) == (0, BUSY)
    assert f"process {first.pid} is building" in second.stderr
