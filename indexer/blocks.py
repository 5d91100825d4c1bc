"""The engine ``blocks``: BM25 for large indexes, fast, small and with the exact ranking.

Passages lie in blocks of ``BLOCK_ROWS`` rows. What a block holds of a term is a *run*: sparse, a 16-bit
offset and an 8-bit impact for each posting; or dense, an impact for each row, where at least one row in
``DENSE_SHARE`` has the term (that is shorter for the commonest terms, and adds up 16 rows an instruction).
Each run carries its largest impact, so that a block is passed over when all its largest together cannot
reach the best ``k`` so far (block-max index: Ding and Suel, SIGIR 2011, doi:10.1145/2009916.2010048).

A search adds impacts into 16-bit sums, one a row, which are never below the true score and above it by
less than a known window. A histogram of the sums gives the k-th best as it stands; whatever lies within the
window of it is scored again from counts and lengths in float64. So the result is that of ``LexicalIndex``,
scores and order, to the last bit; impacts decide the speed and nothing else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from math import ceil, isfinite
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from indexer.blocks_layout import DENSE_SHARE, FILES, POINTED, check_layout, padded
from indexer.blocks_writer import write_blocks
from indexer.disk import save_array
from indexer.errors import IndexCorrupt
from indexer.hits import Hit
from indexer.impacts import NORM_LIMIT, least_counts, length_norms
from indexer.kernels import CIndex, DamagedIndex, Kernels, kernels
from indexer.lexical import Allowed, Bag, Query, among, top, unseen_idf
from indexer.settings import LexicalSettings
from indexer.strings import SortedStrings, map_array

MOST_TERMS = 4_000
"""Distinct terms of a query; more would leave the 16-bit sums too coarse, and numpy takes over."""


class BlockIndex:
    """Postings in blocks, memory-mapped. Thread-safe; opening reads nothing but headers.

    A search of damaged files raises :class:`IndexCorrupt` where it meets what cannot be, and otherwise
    finds what they say: only the checksums tell (``index verify``).
    """

    def __init__(
        self,
        ids: SortedStrings,
        vocabulary: SortedStrings,
        arrays: dict[str, NDArray[np.generic]],
        *,
        use_kernels: bool = True,
        folder: Path = Path(),
    ) -> None:
        check_layout(arrays, len(ids), len(vocabulary))
        self._folder = folder
        self._ids = ids
        self._vocabulary = vocabulary
        # Plain views: a memmap runs Python code for every slice.
        self._arrays = {name: np.asarray(values) for name, values in arrays.items()}
        self._kernels = kernels() if use_kernels else None
        k1, b, average, block_rows = arrays["constants"].tolist()
        self._k1, self._b, self._average, self._block_rows = k1, b, average, int(block_rows)

    @classmethod
    def write(cls, folder: Path, ids: SortedStrings, bags: Iterable[Bag], settings: LexicalSettings) -> None:
        """Index one bag for each id, in the order of the ids, straight to disk.

        The bags are read once, one after the other; see :mod:`indexer.inversion` for the memory it takes.
        """
        write_blocks(folder, len(ids), bags, settings)

    @classmethod
    def build(cls, ids: SortedStrings, bags: Iterable[Bag], settings: LexicalSettings) -> "BlockIndex":
        """As :meth:`write`, into memory."""
        with TemporaryDirectory(prefix="jmedqa-") as folder:
            cls.write(Path(folder), ids, bags, settings)
            arrays = {name: np.load(Path(folder) / f"{name}.npy") for name in FILES}
            words = SortedStrings(
                np.load(Path(folder) / "terms.utf8.npy"), np.load(Path(folder) / "terms.offsets.npy")
            )
        return cls(ids, words, arrays)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._vocabulary.save(folder / "terms")
        for name, values in self._arrays.items():
            save_array(folder / f"{name}.npy", values)

    @classmethod
    def load(cls, folder: Path, ids: SortedStrings, *, use_kernels: bool = True) -> "BlockIndex":
        """Open as maps: what no query touches is never read."""
        arrays = {name: map_array(folder / f"{name}.npy", dtype) for name, dtype in FILES.items()}
        words = SortedStrings.load(folder / "terms")
        return cls(ids, words, arrays, use_kernels=use_kernels, folder=folder)

    def bound(self, terms: Query) -> float:
        weights = 0.0
        for term, times in Counter(terms).items():
            number = self._find(term)
            idf: float = self._arrays["idf"][number] if number >= 0 else unseen_idf(len(self._ids))
            weights += times * float(idf)
        return float(weights * (self._k1 + 1))

    def search(self, terms: Query, k: int, allowed: Allowed = None) -> list[Hit]:
        numbers: list[int] = []
        weights: list[float] = []
        for term, times in Counter(terms).items():
            number = self._find(term)
            if number >= 0:
                numbers.append(number)
                weights.append(times * float(self._arrays["idf"][number]) * (self._k1 + 1))
        if not numbers or k < 1:
            return []
        if not isfinite(sum(weights)):
            raise self._damaged("a weight is no number")
        # On tiny corpora an IDF, floored by a negative average, is below 0: there is no bound then.
        if self._kernels is None or len(numbers) > MOST_TERMS or min(weights) <= 0:
            return self._search_all(numbers, weights, k, allowed)
        return self._search_blocks(self._kernels, numbers, weights, k, allowed)

    def _search_blocks(
        self, compiled: Kernels, numbers: list[int], weights: list[float], k: int, allowed: Allowed
    ) -> list[Hit]:
        # units * score <= sum < units * score + window, and no sum above 65535: see share() in kernels.c.
        units = (65_535 - 3 * len(numbers) - 300) / sum(weights)
        if not isfinite(units):
            raise self._damaged("a weight is next to nothing")
        scaled = [ceil(weight * units * 256 / 255) for weight in weights]
        window = ceil(units * sum(weights) / 255) + 2 * len(numbers) + 1
        try:
            rows, scores = compiled.search(
                self._c_index,
                np.array(numbers, np.int64),
                np.array(weights, np.float64),
                np.array(scaled, np.uint16),
                min(k, len(self._ids)),
                window,
                None if allowed is None else np.ascontiguousarray(allowed, np.bool_),
            )
        except DamagedIndex:
            raise self._damaged("a search was led outside of it") from None
        ids = self._ids.take(rows)
        return [Hit(passage_id, score) for passage_id, score in zip(ids, scores.tolist(), strict=True)]

    def _search_all(self, numbers: list[int], weights: list[float], k: int, allowed: Allowed) -> list[Hit]:
        """Score every passage that holds a term, in numpy."""
        scores = np.zeros(len(self._ids))
        held = np.zeros(len(self._ids), np.bool_)
        for number, weight in zip(numbers, weights, strict=True):
            rows, counts = self._postings(number)
            scores[rows] += weight * counts / (counts + self._norms(rows))
            held[rows] = True
        return top(self._ids, scores, held if allowed is None else held & allowed, k)

    def matched(self, terms: Sequence[str], rows: Sequence[int]) -> list[tuple[str, ...]]:
        holding = {term: self._holding(term, rows) for term in dict.fromkeys(terms)}
        return [tuple(term for term, held in holding.items() if row in held) for row in rows]

    def _holding(self, term: str, rows: Sequence[int]) -> set[int]:
        """Those of ``rows`` that hold the term; its runs are read once, up to the last block asked for."""
        number = self._find(term)
        if number < 0 or not rows:
            return set()
        by_block: dict[int, list[int]] = {}
        for row in rows:
            by_block.setdefault(row // self._block_rows, []).append(row % self._block_rows)
        held: set[int] = set()
        for block, offsets, _ in self._runs(number):
            if block in by_block:
                first = block * self._block_rows
                held.update(first + offset for offset in among(offsets, by_block[block]))
            if block >= max(by_block):
                break
        return held

    def bags(self) -> Iterator[Bag]:
        """A block at a time, so that not the whole index is turned around in memory."""
        words = list(self._vocabulary)
        blocks = -(-len(self._ids) // self._block_rows)
        by_block: list[list[int]] = [[] for _ in range(blocks)]
        starts, run_blocks = self._arrays["run_starts"], self._arrays["run_blocks"]
        of_run = np.repeat(np.arange(len(words)), np.diff(starts))
        order = np.argsort(run_blocks, kind="stable")
        for number, block in zip(of_run[order].tolist(), run_blocks[order].tolist(), strict=True):
            by_block[block].append(number)
        for block, numbers in enumerate(by_block):
            first = block * self._block_rows
            bags: list[dict[str, int]] = [{} for _ in range(min(self._block_rows, len(self._ids) - first))]
            for number in numbers:
                rows, counts = self._postings(number, block)
                for row, count in zip(rows.tolist(), counts.astype(np.int64).tolist(), strict=True):
                    bags[row - first][words[number]] = count
            yield from bags

    def _find(self, term: str) -> int:
        try:
            if self._kernels is None:
                return self._vocabulary.find(term)
            return self._kernels.find(self._c_index, term.encode("utf-8", "surrogatepass"))
        except (DamagedIndex, ValueError):
            raise self._damaged("the vocabulary points outside of itself") from None

    def _damaged(self, reason: str) -> IndexCorrupt:
        return IndexCorrupt(self._folder, reason)

    def _runs(self, number: int) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.uint8]]]:
        """Of each run of a term: its block, the offsets in it, ascending, and the impacts."""
        arrays = self._arrays
        first, end = int(arrays["run_starts"][number]), int(arrays["run_starts"][number + 1])
        sparse, dense = int(arrays["sparse_starts"][number]), int(arrays["dense_starts"][number])
        if not 0 <= first <= end <= len(arrays["run_blocks"]) or min(sparse, dense) < 0:
            raise self._damaged("a term's runs lie outside of it")
        before = -1
        for run in range(first, end):
            block, count = int(arrays["run_blocks"][run]), int(arrays["run_counts"][run]) + 1
            rows = min(self._block_rows, len(self._ids) - block * self._block_rows)
            if block <= before or count > rows:
                raise self._damaged("a run's block does not exist")
            before = block
            size = padded(rows)
            if count * DENSE_SHARE >= size:
                impacts = arrays["dense"][dense : dense + size]
                if len(impacts) < size:
                    raise self._damaged("a run's postings lie outside of it")
                offsets = np.flatnonzero(impacts)
                impacts, wanted, dense = impacts[offsets], len(offsets), dense + size
            else:
                span = slice(sparse, sparse + count)
                offsets, impacts = arrays["offsets"][span].astype(np.int64), arrays["impacts"][span]
                wanted, sparse = count, sparse + count
            if len(offsets) != wanted or (wanted and int(offsets.max()) >= rows):
                raise self._damaged("a run's postings lie outside of it")
            yield block, offsets, impacts.view(np.uint8)

    def _postings(
        self, number: int, block: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The rows that hold a term, ascending, and how often each does; of one block or of all."""
        parts = [
            (of_block * self._block_rows + offsets, impacts)
            for of_block, offsets, impacts in self._runs(number)
            if block is None or of_block == block
        ]
        if not parts:
            return np.empty(0, np.int64), np.empty(0)
        rows = np.concatenate([part for part, _ in parts])
        counts = least_counts(np.concatenate([part for _, part in parts]), self._norms(rows))
        keys = self._arrays["odd_keys"].view(np.int64)
        low, high = np.searchsorted(keys, (number << 32, (number + 1) << 32))
        odd_rows = keys[low:high] & 0xFFFF_FFFF
        at = np.minimum(np.searchsorted(rows, odd_rows), max(len(rows) - 1, 0))
        here = rows[at] == odd_rows if len(rows) else np.zeros(len(odd_rows), np.bool_)
        counts[at[here]] = self._arrays["odd_counts"].view(np.int32)[low:high][here]
        if (counts < 1).any():
            raise self._damaged("a count is none")
        return rows, counts

    def _norms(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        lengths = self._arrays["lengths"].view(np.int32)[rows]
        norms = length_norms(lengths, self._average, self._k1, self._b)
        if not ((norms > 0) & (norms < NORM_LIMIT)).all():
            raise self._damaged("a passage's length is none")
        return norms

    @cached_property
    def _c_index(self) -> CIndex:
        index = CIndex(
            rows=len(self._ids),
            terms=len(self._vocabulary),
            block_rows=self._block_rows,
            dense_share=DENSE_SHARE,
            runs=len(self._arrays["run_blocks"]),
            postings=len(self._arrays["offsets"]),
            dense_size=len(self._arrays["dense"]),
            odd=len(self._arrays["odd_keys"]),
            k1=self._k1,
            b=self._b,
            average=self._average,
        )
        index.words, index.words_size, index.word_starts = self._vocabulary.addresses()
        for name in POINTED:
            setattr(index, name, self._arrays[name].ctypes.data)
        return index
