"""A damaged index gives hits or an error that says so; it never crashes, hangs or reads what is not its own.

Checksums find every damage before an index is served; ``index search`` alone opens without them.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from indexer import BlockIndex, LexicalIndex
from indexer.blocks_writer import write_blocks
from indexer.errors import IndexCorrupt
from indexer.strings import map_array
from tests.indexer.damaged_search import ROWS
from tests.indexer.test_blocks import SETTINGS, ids_for, random_bags, write_and_load
from tests.requirements import REPOSITORY

BAGS = [*random_bags(5, ROWS - 1, 60), {"語0": 300, "語59": 301}]


@pytest.mark.parametrize("engine", ["compiled", "numpy", "files"])
def test_changed_bytes_never_crash_a_search(tmp_path: Path, engine: str) -> None:
    """In a process of its own, for a segmentation fault to be seen and an endless loop to be ended."""
    if engine == "files":
        LexicalIndex.build(ids_for(BAGS), BAGS, SETTINGS).save(tmp_path)
    else:
        write_blocks(tmp_path, ROWS, BAGS, SETTINGS, block_rows=64)
    done = subprocess.run(
        [sys.executable, "-m", "tests.indexer.damaged_search", str(tmp_path), engine, "1"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=200,
    )
    last = (done.stdout.splitlines() or [""])[-1]
    assert done.returncode == 0, f"exit {done.returncode} after {last}\n{done.stderr[-2000:]}"
    counts = json.loads(last)
    assert min(counts.values()) > 100


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("run_starts", 2**62),
        ("run_starts", -1),
        ("sparse_starts", 2**62),
        ("dense_starts", -(2**62)),
        ("run_blocks", 65_535),
        ("run_counts", 65_535),
        ("lengths", -(2**31)),
        ("odd_counts", -(2**31)),
        ("idf", np.nan),
        ("idf", np.inf),
    ],
)
@pytest.mark.parametrize("use_kernels", [True, False], ids=["compiled", "numpy"])
def test_numbers_that_point_nowhere_are_named_as_damage(
    tmp_path: Path, name: str, value: float, use_kernels: bool
) -> None:
    write_and_load(tmp_path, BAGS, 64, use_kernels=True)
    path = tmp_path / f"{name}.npy"
    array = np.load(path)
    array[:] = value
    np.save(path, array)
    with pytest.raises(IndexCorrupt, match="run `jmedqa index build`"):
        open_and_search(tmp_path, use_kernels=use_kernels)


def open_and_search(folder: Path, *, use_kernels: bool) -> None:
    index = BlockIndex.load(folder, ids_for(BAGS), use_kernels=use_kernels)
    index.search(["語0", "語1", "語59"], 10)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("lengths", np.ones(ROWS - 1, np.int32)),
        ("lengths", np.ones(ROWS, np.int64)),
        ("lengths", np.ones(ROWS, ">i4")),
        ("lengths", np.ones((ROWS, 1), np.int32)),
        ("run_maxima", np.ones(1, np.uint8)),
        ("constants", np.array([0.9, 0.4, 150.0, 0.0])),
        ("constants", np.array([0.9, 0.4, 150.0, 65_537.0])),
        ("constants", np.array([0.9, 0.4, np.nan, 64.0])),
        ("constants", np.array([1e300, 0.4, 150.0, 64.0])),
    ],
)
def test_files_of_another_form_are_refused_on_opening(tmp_path: Path, name: str, array: np.ndarray) -> None:
    write_and_load(tmp_path, BAGS, 64, use_kernels=True)
    np.save(tmp_path / f"{name}.npy", array)
    with pytest.raises(ValueError, match=name):
        open_and_search(tmp_path, use_kernels=True)


@pytest.mark.parametrize("use_kernels", [True, False], ids=["compiled", "numpy"])
@pytest.mark.parametrize(("starts", "values"), [("sparse_starts", "offsets"), ("dense_starts", "dense")])
def test_a_run_that_reaches_over_the_end_is_damage(
    tmp_path: Path, starts: str, values: str, use_kernels: bool
) -> None:
    write_and_load(tmp_path, BAGS, 64, use_kernels=True)
    path = tmp_path / f"{starts}.npy"
    np.save(path, np.full_like(np.load(path), len(np.load(tmp_path / f"{values}.npy"))))
    with pytest.raises(IndexCorrupt):
        open_and_search(tmp_path, use_kernels=use_kernels)


@pytest.mark.parametrize("use_kernels", [True, False], ids=["compiled", "numpy"])
def test_a_vocabulary_that_points_nowhere_is_named_as_damage(tmp_path: Path, use_kernels: bool) -> None:
    write_and_load(tmp_path, BAGS, 64, use_kernels=True)
    offsets = np.load(tmp_path / "terms.offsets.npy")
    np.save(tmp_path / "terms.offsets.npy", offsets + 2**62)
    with pytest.raises(IndexCorrupt, match="vocabulary"):
        open_and_search(tmp_path, use_kernels=use_kernels)


def test_a_header_that_is_no_header_is_a_value_error(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.arange(100))
    content = bytearray(path.read_bytes())
    content[10:14] = b"{{(("
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.npy is no array"):
        map_array(path)
