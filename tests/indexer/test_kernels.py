"""The compiled search as a library: other threads run beside it, and an index does without where it must."""

import _ctypes
import os
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from indexer import BlockIndex
from indexer import kernels as kernels_module
from indexer.kernels import kernels
from indexer.strings import SortedStrings
from tests.indexer.test_blocks import ids_for, random_bags, write_and_load
from tests.requirements import REPOSITORY

COMPILED = pytest.mark.skipif(
    not list(Path(kernels_module.__file__).parent.glob("_kernels*.so")),
    reason="the compiled search was not built (tests/indexer/test_blocks.py says so)",
)

ROWS, TERMS = 65_536, 150
BAGS = random_bags(3, 100, 30)


def wide_index() -> BlockIndex:
    """Every row holds every term, and all terms share one run: much to compute, little to build."""
    one_each = np.zeros(TERMS, np.uint16)
    arrays: dict[str, np.ndarray] = {
        "run_starts": np.arange(TERMS + 1),
        "sparse_starts": np.zeros(TERMS + 1, np.int64),
        "dense_starts": np.zeros(TERMS + 1, np.int64),
        "run_blocks": one_each,
        "run_counts": one_each + np.uint16(ROWS - 1),
        "run_maxima": np.full(TERMS, 255, np.uint8),
        "offsets": np.empty(0, np.uint16),
        "impacts": np.empty(0, np.uint8),
        "dense": np.random.default_rng(0).integers(1, 256, ROWS, np.uint8),
        "lengths": np.full(ROWS, 150, np.int32),
        "odd_keys": np.empty(0, np.int64),
        "odd_counts": np.empty(0, np.int32),
        "idf": np.ones(TERMS),
        "constants": np.array([0.9, 0.4, 150.0, ROWS]),
    }
    ids = SortedStrings.of(f"{row:06d}" for row in range(ROWS))
    return BlockIndex(ids, SortedStrings.of(f"{term:04d}" for term in range(TERMS)), arrays)


@COMPILED
def test_other_threads_run_while_a_search_computes() -> None:
    """A thread counts; nobody takes the interpreter's lock from anybody, so the search must have given it."""
    compiled, index = kernels(), wide_index()
    assert compiled is not None
    arguments = (
        np.arange(TERMS),
        np.ones(TERMS),
        np.full(TERMS, 65_000 // TERMS, np.uint16),
        ROWS,
        1_000,
    )
    ticks, stopped = [0], threading.Event()

    def count() -> None:
        while not stopped.is_set():
            ticks[0] += 1
            time.sleep(0)

    c_index = index._c_index
    interval = sys.getswitchinterval()
    thread = threading.Thread(target=count)
    sys.setswitchinterval(1_000)
    try:
        thread.start()
        before = ticks[0]
        rows, _ = compiled.search(c_index, *arguments, None)
        after = ticks[0]
    finally:
        stopped.set()
        thread.join()
        sys.setswitchinterval(interval)
    assert len(rows) == ROWS
    assert after - before > 10


@pytest.fixture
def no_library_yet() -> Iterator[None]:
    kernels.cache_clear()
    yield
    kernels.cache_clear()


@pytest.mark.parametrize("damage", ["not a library", "another library"])
def test_a_library_that_cannot_be_used_is_one_warning_and_the_same_hits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_library_yet: None, damage: str
) -> None:
    """Built for another machine, say, or by an earlier version of ``kernels.c``."""
    expected = write_and_load(tmp_path / "index", BAGS, 64, use_kernels=True).search(["語1", "語2"], 10)
    kernels.cache_clear()
    library = tmp_path / ("_kernels" + kernels_module.EXTENSION_SUFFIXES[0])
    if damage == "not a library":
        library.write_bytes(b"\x7fELF and nothing else")
    else:
        shutil.copy(_ctypes.__file__, library)
    monkeypatch.setattr(kernels_module, "__file__", str(tmp_path / "kernels.py"))
    with pytest.warns(RuntimeWarning, match="does not load.*install a C compiler"):
        first = BlockIndex.load(tmp_path / "index", ids_for(BAGS))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        second = BlockIndex.load(tmp_path / "index", ids_for(BAGS))
    assert [index.search(["語1", "語2"], 10) for index in (first, second)] == [expected, expected]


@COMPILED
def test_the_first_search_compiles_and_writes_nothing(tmp_path: Path) -> None:
    """A read-only installation is fine: no file appears or changes in the package, the home or the index."""
    write_and_load(tmp_path / "index", BAGS, 64, use_kernels=True)
    home = tmp_path / "home"
    home.mkdir()
    program = (
        "from pathlib import Path\n"
        "from indexer import BlockIndex\n"
        "from indexer.strings import SortedStrings\n"
        f"ids = SortedStrings.of(f'{{row:06d}}' for row in range({len(BAGS)}))\n"
        f"print(len(BlockIndex.load(Path({str(tmp_path / 'index')!r}), ids).search(['語1', '語2'], 10)))\n"
    )

    def files() -> dict[Path, int]:
        folders = (REPOSITORY / "indexer", home, tmp_path / "index")
        return {
            path: path.stat().st_mtime_ns
            for folder in folders
            for path in folder.rglob("*")
            if "__pycache__" not in path.parts
        }

    before = files()
    done = subprocess.run(
        [sys.executable, "-B", "-c", program],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout.strip(), done.stderr) == ("10", "")
    assert files() == before
