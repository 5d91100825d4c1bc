"""Writing the files of the engine ``blocks``; :mod:`indexer.blocks_layout` lists them."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from indexer.blocks_layout import BLOCK_ROWS, DENSE_SHARE, FILES, PADDING
from indexer.disk import save_array
from indexer.impacts import are_odd, length_norms, quantise
from indexer.inversion import Inversion, Runs
from indexer.lexical import Bag, inverse_document_frequencies
from indexer.settings import LexicalSettings
from indexer.strings import SortedStrings

_STREAMED = (
    "run_blocks",
    "run_counts",
    "run_maxima",
    "offsets",
    "impacts",
    "dense",
    "odd_keys",
    "odd_counts",
)


class GrowingArray:
    """A one-dimensional ``.npy`` file that is appended to; its header tells the length when closed."""

    def __init__(self, path: Path, dtype: DTypeLike) -> None:
        self._path = path
        self._dtype = np.dtype(dtype)
        self._length = 0

    def __enter__(self) -> Self:
        self._file: BinaryIO = self._path.open("wb")
        self._write_header()
        return self

    def append(self, values: NDArray[np.generic]) -> None:
        self._length += len(values)
        self._file.write(np.ascontiguousarray(values, self._dtype).tobytes())

    def __exit__(self, *_: object) -> None:
        self._file.seek(0)
        self._write_header()
        self._file.close()

    def _write_header(self) -> None:
        # numpy pads the header of a C-ordered array so that its first dimension can grow in place.
        np.lib.format.write_array_header_1_0(
            self._file,
            {
                "descr": np.lib.format.dtype_to_descr(self._dtype),
                "fortran_order": False,
                "shape": (self._length,),
            },
        )


def write_blocks(
    folder: Path,
    passages: int,
    bags: Iterable[Bag],
    settings: LexicalSettings,
    *,
    block_rows: int = BLOCK_ROWS,
) -> None:
    """Invert ``bags`` and write all files into ``folder``.

    Raises:
        ValueError: If there are not as many bags as passages.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="inversion-", dir=folder) as spilt:
        inversion = Inversion(bags, block_rows, Path(spilt))
        lengths = inversion.lengths
        if len(lengths) != passages:
            raise ValueError(f"{passages} ids, but {len(lengths)} bags")
        average = float(lengths.mean(dtype=np.float64)) if len(lengths) and lengths.any() else 1.0
        norms = length_norms(lengths, average, settings.k1, settings.b)
        SortedStrings.of(inversion.vocabulary).save(folder / "terms")
        frequencies = inversion.frequencies()
        save_array(folder / "lengths.npy", lengths)
        save_array(
            folder / "idf.npy", inverse_document_frequencies(frequencies, len(lengths), settings.epsilon)
        )
        save_array(folder / "constants.npy", np.array([settings.k1, settings.b, average, block_rows]))

        totals = np.zeros((3, len(frequencies) + 1), np.int64)  # runs, sparse postings, dense rows
        with ExitStack() as stack:
            files = {
                name: stack.enter_context(GrowingArray(folder / f"{name}.npy", FILES[name]))
                for name in _STREAMED
            }
            for runs in inversion.runs():
                _append(files, runs, norms, block_rows, totals)
        starts = np.cumsum(totals, axis=1)
        save_array(folder / "run_starts.npy", starts[0])
        save_array(folder / "sparse_starts.npy", starts[1])
        save_array(folder / "dense_starts.npy", starts[2])


def _append(
    files: dict[str, GrowingArray],
    runs: Runs,
    norms: NDArray[np.float64],
    block_rows: int,
    totals: NDArray[np.int64],
) -> None:
    sizes = np.minimum(block_rows, len(norms) - runs.blocks * block_rows)
    sizes = -(-sizes // PADDING) * PADDING
    is_dense = runs.counts * DENSE_SHARE >= sizes
    of_posting = np.repeat(is_dense, runs.counts)
    rows = np.repeat(runs.blocks * block_rows, runs.counts) + runs.offsets
    of_rows = norms[rows]
    impacts = quantise(runs.times.astype(np.float64), of_rows)
    starts = np.cumsum(runs.counts) - runs.counts

    files["run_blocks"].append(runs.blocks)
    files["run_counts"].append(runs.counts - 1)
    files["run_maxima"].append(np.maximum.reduceat(impacts, starts))
    files["offsets"].append(runs.offsets[~of_posting])
    files["impacts"].append(impacts[~of_posting])
    for run in np.flatnonzero(is_dense):
        span = slice(starts[run], starts[run] + runs.counts[run])
        block = np.zeros(sizes[run], np.uint8)
        block[runs.offsets[span]] = impacts[span]
        files["dense"].append(block)

    odd = are_odd(runs.times, impacts, of_rows)
    of_odd = np.repeat(runs.terms, runs.counts)[odd]
    files["odd_keys"].append(of_odd << 32 | rows[odd])
    files["odd_counts"].append(runs.times[odd])

    np.add.at(totals[0], runs.terms + 1, 1)
    np.add.at(totals[1], runs.terms + 1, np.where(is_dense, 0, runs.counts))
    np.add.at(totals[2], runs.terms + 1, np.where(is_dense, sizes, 0))
