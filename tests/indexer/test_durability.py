"""What a power cut keeps: nothing is renamed before it is synced, nor named before its folder is.

The steps of a real build are written down (`shim.c`) and replayed against what POSIX promises: a file's bytes
are kept from its fsync on, and a folder's entries from the folder's.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

import pytest

from tests.indexer.builds import BuildServer, Step, compile_shim, steps, write_config, write_corpus

NOT_PROMISED = ("build.lock", "tmp")
"""Entries that only a living builder needs."""


def losses(done: Sequence[Step]) -> list[str]:
    """What could be lost, or be named and not there, if the power failed after a rename or at the end."""
    unsynced: set[str] = set()
    pending: defaultdict[str, set[str]] = defaultdict(set)  # of each folder: entries that it may not keep
    found = []

    def entry(path: str) -> None:
        pending[str(PurePosixPath(path).parent)].add(PurePosixPath(path).name)

    def inside(path: str, folder: str) -> bool:
        return path == folder or path.startswith(folder + "/")

    for step in done:
        match step.what:
            case "create" | "mkdir":
                entry(step.path)
                if step.what == "create":
                    unsynced.add(step.path)
            case "write":
                unsynced.add(step.path)
            case "fsync":
                unsynced.discard(step.path)
                pending.pop(step.path, None)
            case "rename":
                found += [
                    f"{path}, renamed before its bytes were synced"
                    for path in unsynced
                    if inside(path, step.path)
                ]
                found += [
                    f"{folder}/{name}, renamed before its folder was synced"
                    for folder, entries in pending.items()
                    for name in entries
                    if inside(folder, step.path)
                ]
                if step.to.endswith("/CURRENT"):
                    found += [
                        f"{folder}/{name}, named by CURRENT before its folder was synced"
                        for folder, entries in pending.items()
                        for name in entries
                        if name not in NOT_PROMISED
                        and not name.startswith("CURRENT")
                        and "/tmp/" not in folder
                    ]
                pending[str(PurePosixPath(step.path).parent)].discard(PurePosixPath(step.path).name)
                entry(step.to)
    found += [f"{folder}/CURRENT, at the end" for folder, entries in pending.items() if "CURRENT" in entries]
    return found


def kept(step: Step) -> bool:
    """Not of the files that a build spills and removes again."""
    return "/inversion-" not in step.path


def relative(step: Step, root: str) -> Step:
    return step._replace(path=step.path.removeprefix(root) or "/", to=step.to.removeprefix(root))


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> list[list[Step]]:
    """The steps of a first build, and of one over it, by the engine for large indexes."""
    folder = tmp_path_factory.mktemp("durability")
    corpus = write_corpus(folder / "corpus", 12)
    out, log = folder / "disk" / "to" / "index", folder / "log"
    out.parent.parent.mkdir()
    blocks = '[index.lexical]\nengine = "blocks"\n[index.dense]\nkind = "hnsw"\n'
    config = write_config(corpus, "blocks", blocks)
    found = []
    with BuildServer(folder, compile_shim(folder)) as server:
        for configured in (None, config):
            ended = server.run(corpus, out, config=configured, below=folder / "disk", log=log)
            assert ended.code == 0, ended.said
            # A build that was killed may have left the folder without its name kept.
            before = [Step("mkdir", "/to/index/generations", "")] if found else []
            found.append(before + [relative(step, str(folder / "disk")) for step in steps(log) if kept(step)])
    return found


@pytest.mark.parametrize("build", [0, 1], ids=["first", "second"])
def test_nothing_is_named_before_it_is_kept(builds: list[list[Step]], build: int) -> None:
    assert [step.to.rpartition("/")[2] for step in builds[build] if step.what == "rename"][-1] == "CURRENT"
    assert losses(builds[build]) == []


@pytest.mark.parametrize("build", [0, 1], ids=["first", "second"])
def test_without_any_one_sync_something_could_be_lost(builds: list[list[Step]], build: int) -> None:
    """So that a sync which is taken out of the code fails the test above, and none is there for nothing."""
    done = builds[build]
    syncs = [place for place, step in enumerate(done) if step.what == "fsync"]
    assert len(syncs) > 40
    for place in syncs:
        assert losses(done[:place] + done[place + 1 :]), f"{done[place]} is not needed"


def test_steps_in_another_order_could_lose_something(builds: list[list[Step]]) -> None:
    done = builds[0]
    in_place, named = (place for place, step in enumerate(done) if step.what == "rename")
    assert losses([*done[:in_place], *done[named:], *done[in_place:named]])
    first_sync = next(
        place for place, step in enumerate(done) if step.what == "fsync" and "/tmp/" in step.path
    )
    assert losses([*done[:first_sync], done[in_place], *done[first_sync:in_place], *done[in_place + 1 :]])
