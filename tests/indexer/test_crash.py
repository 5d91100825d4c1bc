"""Kill the builder at any moment: the live index opens and answers, and no half generation ever opens.

The builders are real processes, killed with SIGKILL; other real processes open and search all along.
"""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer import HybridIndex, MeCabAnalyzer
from indexer.generations import names
from indexer.manifest import check_files, read_manifest
from tests.indexer.builds import (
    KILL,
    BuildServer,
    compile_shim,
    readers_all_along,
    steps,
    write_corpus,
)

BUSY = 4


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("crash") / "corpus", 100)


@pytest.fixture(scope="module")
def server(corpus: Path) -> Iterator[BuildServer]:
    with BuildServer(corpus.parent) as started:
        yield started


@pytest.fixture
def out(server: BuildServer, corpus: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    ended = server.run(corpus, folder)
    assert ended.code == 0, ended.said
    return folder


def assert_whole(out: Path, analyzer: MeCabAnalyzer) -> None:
    with HybridIndex.open(out, analyzer=analyzer, verify=True) as index:
        assert index.degraded is None
        assert len(index.search("腎臓", k=3, mode="lexical").hits) == 3
    for name in names(out):  # also a generation that was in place, but not live yet, is whole
        folder = out / "generations" / name
        check_files(folder, read_manifest(folder), verify=True)


def kill_builds(
    server: BuildServer, corpus: Path, out: Path, kills: int, seed: int, analyzer: MeCabAnalyzer
) -> int:
    """Start builds and kill each at a random moment of its work, until ``kills`` died of it.

    Returns:
        How many ended before their moment, and so made new generations.
    """
    chance = random.Random(seed)
    killed = ended = 0
    longest = 0.3  # seconds until the kill; follows the machine, so that some builds just end
    while killed < kills:
        assert ended <= 2 * kills + 4, "nearly every build ended before its moment"
        build = server.start(corpus, out)
        time.sleep(longest * chance.random())
        os.kill(build.pid, signal.SIGKILL)  # a zombie, if it had ended
        result = server.wait(build)
        assert result.code in (0, -signal.SIGKILL), result.said
        if result.code == 0:
            ended += 1
            longest *= 0.95
        else:
            killed += 1
            longest *= 1.01
        assert_whole(out, analyzer)
    return ended


@pytest.mark.crash
@pytest.mark.timeout(360)
def test_three_hundred_killed_builds_never_hurt_a_reader(
    server: BuildServer, corpus: Path, out: Path, analyzer: MeCabAnalyzer
) -> None:
    with readers_all_along(out, readers=2) as counted:
        ended = kill_builds(server, corpus, out, kills=300, seed=20260101, analyzer=analyzer)
    assert min(opened for opened, _ in counted) >= 100
    assert max(generations for _, generations in counted) >= min(2, ended)
    assert server.run(corpus, out).code == 0
    assert not (out / "tmp").exists()


@pytest.mark.timeout(200)
def test_a_few_killed_builds_never_hurt_a_reader(
    server: BuildServer, corpus: Path, out: Path, analyzer: MeCabAnalyzer
) -> None:
    """The fast set's share of the test above."""
    with readers_all_along(out) as counted:
        kill_builds(server, corpus, out, kills=5, seed=7, analyzer=analyzer)
    assert counted[0][0] >= 3


@pytest.mark.parametrize("share", ["publishing", pytest.param("every step", marks=pytest.mark.crash)])
def test_a_build_killed_exactly_before_a_step_leaves_a_whole_index(
    share: str, corpus: Path, tmp_path: Path, analyzer: MeCabAnalyzer
) -> None:
    """At each write, sync and rename: random moments rarely hit those of publishing, which are short."""
    out, log = tmp_path / "disk" / "index", tmp_path / "log"
    with BuildServer(tmp_path, compile_shim(tmp_path)) as server:
        assert server.run(corpus, out).code == 0
        assert server.run(corpus, out, below=out, log=log).code == 0
        total = len(steps(log))
        placed = next(number for number, step in enumerate(steps(log), 1) if "generations" in step.to)
        for step in range(placed - 2 if share == "publishing" else 1, total + 1):
            killed = server.run(corpus, out, below=out, fatal=step, fault=KILL)
            assert killed.code == -signal.SIGKILL, killed.said
            assert_whole(out, analyzer)
        assert server.run(corpus, out).code == 0


def test_of_two_builders_one_wins_and_the_other_says_why(
    server: BuildServer, corpus: Path, out: Path
) -> None:
    first = server.start(corpus, out)
    while not (out / "tmp").exists():
        time.sleep(0.0005)
    os.kill(first.pid, signal.SIGSTOP)  # it holds the lock, and cannot end before the second came
    try:
        second = server.run(corpus, out)
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert (server.wait(first).code, second.code) == (0, BUSY)
    assert f"process {first.pid} is building" in second.said
