"""A disk that fills up or fails at any step of a build: a clear error, and the live index untouched."""

import errno
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer import HybridIndex, MeCabAnalyzer, current_name
from tests.indexer.builds import BuildServer, Ended, compile_shim, steps, write_config, write_corpus

INDEX_FAILURE = 4
CURES = {errno.ENOSPC: "free space there", errno.EIO: "check the disk", errno.EFBIG: "size of files"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("disk") / "corpus", 12)


@pytest.fixture(scope="module")
def server(corpus: Path) -> Iterator[BuildServer]:
    with BuildServer(corpus.parent, compile_shim(corpus.parent)) as started:
        yield started


@pytest.fixture
def out(server: BuildServer, corpus: Path, tmp_path: Path) -> Path:
    assert server.run(corpus, tmp_path / "index").code == 0
    return tmp_path / "index"


def assert_failed_well(ended: Ended, fault: int, out: Path, live: str, analyzer: MeCabAnalyzer) -> None:
    """Exit 4, the cause and its cure named; what was live is live and whole, and nothing half lies about."""
    assert ended.code == INDEX_FAILURE, ended.said
    said = " ".join(ended.said.split())
    assert os.strerror(fault) in said
    assert CURES[fault] in said
    assert "Traceback" not in said
    if "the live index is as it was" in said:
        assert current_name(out) == live
    else:  # the last sync of all failed
        assert f"{current_name(out)} is live" in said
    with HybridIndex.open(out, analyzer=analyzer, verify=True) as index:
        assert index.degraded is None
        assert len(index.search("腎臓", k=3, mode="lexical").hits) == 3
    assert not (out / "tmp").exists()
    assert not list(out.glob("CURRENT.*"))


def fail_every(
    server: BuildServer, corpus: Path, out: Path, fault: int, analyzer: MeCabAnalyzer, stride: int
) -> int:
    """Let every ``stride``-th step fail, each in a build of its own, until a build has no such step."""
    log = out.parent / "log"
    for failed, number in enumerate(range(1, 1_000, stride)):
        live = current_name(out)
        ended = server.run(corpus, out, below=out, fatal=number, fault=fault, log=log)
        done = steps(log)
        at = [place for place, step in enumerate(done) if step.failed]
        if not at:
            assert ended.code == 0, ended.said
            assert failed > 80 // stride
            return failed
        live_from = next((place for place, step in enumerate(done) if step.to == f"{out}/CURRENT"), len(done))
        if at[0] > live_from + 1:  # an old generation stays once more: no failure of the build
            assert ended.code == 0, ended.said
        else:
            assert_failed_well(ended, fault, out, live, analyzer)
        assert server.run(corpus, out).code == 0, "the next build"
    raise AssertionError("a small build has no thousand steps")


@pytest.mark.crash
@pytest.mark.timeout(360)
@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_every_failing_step_leaves_the_live_index_alone(
    server: BuildServer, corpus: Path, out: Path, fault: int, analyzer: MeCabAnalyzer
) -> None:
    assert fail_every(server, corpus, out, fault, analyzer, stride=1) > 100


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_some_failing_steps_leave_the_live_index_alone(
    server: BuildServer, corpus: Path, out: Path, fault: int, analyzer: MeCabAnalyzer
) -> None:
    """The fast set's share of the test above."""
    fail_every(server, corpus, out, fault, analyzer, stride=17)


def test_a_first_build_on_a_full_disk_leaves_no_index(
    server: BuildServer, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "index"
    ended = server.run(corpus, out, below=out, fatal=30, fault=errno.ENOSPC)
    assert ended.code == INDEX_FAILURE
    assert not (out / "CURRENT").exists()
    assert server.run(corpus, out).code == 0


ENGINES = {
    "files": '[index.lexical]\nengine = "files"\n',
    "blocks and hnsw": '[index.lexical]\nengine = "blocks"\n[index.dense]\nkind = "hnsw"\n',
    "rank-bm25": '[index.lexical]\nengine = "rank-bm25"\n',
}


def config_of(corpus: Path, engine: str) -> Path:
    return write_config(corpus, engine.partition(" ")[0], ENGINES[engine])


@pytest.mark.parametrize("engine", ENGINES)
def test_no_byte_of_an_index_passes_by_the_writes_that_are_made_to_fail(
    server: BuildServer, corpus: Path, tmp_path: Path, engine: str
) -> None:
    """numpy's and FAISS's own writers go through C streams, where nothing could be seen to fail."""
    out, log = tmp_path / "index", tmp_path / "log"
    ended = server.run(corpus, out, config=config_of(corpus, engine), below=out, log=log)
    assert ended.code == 0, ended.said
    written: defaultdict[str, int] = defaultdict(int)
    for step in steps(log):
        if step.what == "write":
            written[step.path.replace(f"{out}/tmp/", f"{out}/generations/")] += int(step.to)
    files = [path for path in (out / "generations").rglob("*") if path.is_file()]
    assert len(files) > 15
    for path in files:
        assert written[str(path)] >= path.stat().st_size, path


@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_that_the_kernel_cuts_short_is_never_published(
    server: BuildServer, corpus: Path, out: Path, engine: str, analyzer: MeCabAnalyzer
) -> None:
    """By the kernel's own limit on file sizes: one byte less than each file needs."""
    config = config_of(corpus, engine)
    other = out.parent / "other"
    assert server.run(corpus, other, config=config).code == 0
    sizes = {path.stat().st_size for path in (other / "generations").rglob("*") if path.is_file()}
    live = current_name(out)
    limits = sorted(size - 1 for size in sizes if size > 1_000)  # below, the message itself is cut short
    assert len(limits) >= 4
    for limit in limits:
        ended = server.run(corpus, out, config=config, size_limit=limit)
        assert_failed_well(ended, errno.EFBIG, out, live, analyzer)
