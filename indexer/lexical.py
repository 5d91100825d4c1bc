"""BM25 over memory-mapped arrays, with rank-bm25's scores.

The formula is rank-bm25 0.2.2's ``BM25Okapi``: the ATIRE variant (Trotman, Puurula and Burgess, ADCS
2014, doi:10.1145/2682862.2682863) with a floor under the IDF. For one occurrence of a term in the query

    idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average length))
    idf = ln(N - df + 0.5) - ln(df + 0.5); below zero it becomes epsilon * the average idf

In a corpus so small or uniform that even the average idf is negative, so is the floor: that, too, is the
reference's formula. Where rank-bm25 walks all passages for every term (421 ms a query at 100k passages),
this reads only the postings of the query's terms.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import log
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.disk import save_array
from indexer.errors import IndexCorrupt
from indexer.hits import Hit
from indexer.settings import LexicalSettings
from indexer.strings import SortedStrings, map_array

Bag = Mapping[str, int]
"""The terms of one passage, each with its count."""

Query = Sequence[str] | Mapping[str, float]
"""Terms as they occur, or each with its weight; a term that stands twice weighs 2."""

Allowed = NDArray[np.bool_] | None
"""One flag a passage, in row order: whether it may be found. ``None`` lets all pass."""


FILES = {
    "starts": np.int64,
    "rows": np.int32,
    "counts": np.int32,
    "norms": np.float64,
    "idf": np.float64,
    "k1": np.float64,
}
"""The arrays of the engine ``files``, beside the vocabulary."""


class LexicalEngine(Protocol):
    """What both engines offer. Rows are passages in passage-id order."""

    def search(self, terms: Query, k: int, allowed: Allowed = None) -> list[Hit]:
        """At most ``k`` passages that hold one of ``terms``, best first, equal scores in id order."""
        ...

    def bound(self, terms: Query) -> float:
        """What no passage's score for ``terms`` exceeds; a term of no passage counts as the rarest."""
        ...

    def matched(self, terms: Sequence[str], rows: Sequence[int]) -> list[tuple[str, ...]]:
        """Of each of these passages the distinct ones of ``terms`` that it holds, in their order."""
        ...

    def bags(self) -> Iterator[Bag]:
        """The terms of every passage, in row order; what a later build reuses."""
        ...

    def save(self, folder: Path) -> None: ...


class LexicalIndex:
    """The engine ``files``: postings sorted by term, then passage; length norms; IDFs."""

    def __init__(
        self,
        ids: SortedStrings,
        vocabulary: SortedStrings,
        starts: NDArray[np.int64],
        rows: NDArray[np.int32],
        counts: NDArray[np.int32],
        norms: NDArray[np.float64],
        idf: NDArray[np.float64],
        k1: float,
        folder: Path = Path(),
    ) -> None:
        self._folder = folder
        self._ids = ids
        self._vocabulary = vocabulary
        self._starts = starts
        self._rows = rows
        self._counts = counts
        self._norms = norms
        self._idf = idf
        self._k1 = k1

    @classmethod
    def build(cls, ids: SortedStrings, bags: Iterable[Bag], settings: LexicalSettings) -> "LexicalIndex":
        """Index one bag for each id, in the order of the ids."""
        numbers: dict[str, int] = {}
        terms, rows, counts, lengths = array("i"), array("i"), array("i"), array("q")
        for row, bag in enumerate(bags):
            lengths.append(sum(bag.values()))
            for term, count in bag.items():
                terms.append(numbers.setdefault(term, len(numbers)))
                rows.append(row)
                counts.append(count)
        if len(lengths) != len(ids):
            raise ValueError(f"{len(ids)} ids, but {len(lengths)} bags")

        words = sorted(numbers)
        place = np.empty(len(words), np.int32)
        place[[numbers[word] for word in words]] = np.arange(len(words), dtype=np.int32)
        placed = place[np.frombuffer(terms, np.int32)] if terms else np.empty(0, np.int32)
        order = np.argsort(placed, kind="stable")  # rows were appended in order and stay so
        frequencies = np.bincount(placed, minlength=len(words)).astype(np.int64)
        starts = np.zeros(len(words) + 1, np.int64)
        np.cumsum(frequencies, out=starts[1:])
        return cls(
            ids,
            SortedStrings.of(words),
            starts,
            (np.frombuffer(rows, np.int32) if rows else np.empty(0, np.int32))[order],
            (np.frombuffer(counts, np.int32) if counts else np.empty(0, np.int32))[order],
            _length_norms(np.array(lengths, np.float64), settings),
            inverse_document_frequencies(frequencies, len(lengths), settings.epsilon),
            settings.k1,
        )

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._vocabulary.save(folder / "terms")
        for name, values in (
            ("starts", self._starts),
            ("rows", self._rows),
            ("counts", self._counts),
            ("norms", self._norms),
            ("idf", self._idf),
            ("k1", np.array([self._k1])),
        ):
            save_array(folder / f"{name}.npy", values)

    @classmethod
    def load(cls, folder: Path, ids: SortedStrings) -> "LexicalIndex":
        """Open as maps: what no query touches is never read."""

        words = SortedStrings.load(folder / "terms")
        arrays = {name: map_array(folder / f"{name}.npy", dtype) for name, dtype in FILES.items()}
        expected = {"starts": len(words) + 1, "idf": len(words), "norms": len(ids), "k1": 1}
        expected["counts"] = len(arrays["rows"])
        for name, length in expected.items():
            if len(arrays[name]) != length:
                raise ValueError(f"{name} holds {len(arrays[name])} numbers instead of {length}")
        return cls(
            ids,
            words,
            arrays["starts"].view(np.int64),
            arrays["rows"].view(np.int32),
            arrays["counts"].view(np.int32),
            arrays["norms"].view(np.float64),
            arrays["idf"].view(np.float64),
            float(arrays["k1"].view(np.float64)[0]),
            folder,
        )

    def scores(self, terms: Query) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """BM25 of every passage, (n,), and whether it holds one of the terms, (n,).

        A term that stands twice in the query counts twice.
        """
        scores = np.zeros(len(self._ids))
        held = np.zeros(len(self._ids), np.bool_)
        for term, times in Counter(terms).items():
            number = self._vocabulary.find(term)
            if number < 0:
                continue
            span = slice(int(self._starts[number]), int(self._starts[number + 1]))
            rows, counts = self._rows[span], self._counts[span]
            # A damaged file may name rows that are none; its numbers are only checked with its checksum.
            if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < len(scores):
                raise IndexCorrupt(self._folder, "a posting names a row that does not exist")
            weight = times * float(self._idf[number]) * (self._k1 + 1)
            scores[rows] += weight * counts / (counts + self._norms[rows])
            held[rows] = True
        return scores, held

    def bound(self, terms: Query) -> float:
        weights = 0.0
        for term, times in Counter(terms).items():
            number = self._vocabulary.find(term)
            weights += times * (float(self._idf[number]) if number >= 0 else unseen_idf(len(self._ids)))
        return weights * (self._k1 + 1)

    def search(self, terms: Query, k: int, allowed: Allowed = None) -> list[Hit]:
        scores, held = self.scores(terms)
        return top(self._ids, scores, held if allowed is None else held & allowed, k)

    def matched(self, terms: Sequence[str], rows: Sequence[int]) -> list[tuple[str, ...]]:
        holding = {term: self._holding(term, rows) for term in dict.fromkeys(terms)}
        return [tuple(term for term, held in holding.items() if row in held) for row in rows]

    def _holding(self, term: str, rows: Sequence[int]) -> set[int]:
        """Those of ``rows`` that hold the term."""
        number = self._vocabulary.find(term)
        if number < 0:
            return set()
        return among(self._rows[int(self._starts[number]) : int(self._starts[number + 1])], rows)

    def bags(self) -> Iterator[Bag]:
        words = list(self._vocabulary)
        of_posting = np.repeat(np.arange(len(words)), np.diff(self._starts))
        order = np.argsort(self._rows, kind="stable")
        ends = np.searchsorted(self._rows[order], np.arange(len(self._ids)), side="right").tolist()
        terms, counts = of_posting[order].tolist(), self._counts[order].tolist()
        start = 0
        for end in ends:
            yield {words[terms[i]]: counts[i] for i in range(start, end)}
            start = end


def top(ids: SortedStrings, scores: NDArray[np.float64], eligible: NDArray[np.bool_], k: int) -> list[Hit]:
    """The ``k`` best eligible rows, equal scores in row order (which is passage-id order)."""
    rows = np.flatnonzero(eligible)
    values = scores[rows]
    if len(rows) > k:
        least = np.partition(values, len(rows) - k)[len(rows) - k]
        kept = values >= least  # all ties at rank k stay until the ids have decided
        rows, values = rows[kept], values[kept]
    order = np.lexsort((rows, -values))[:k]
    return [Hit(ids[int(rows[i])], float(values[i])) for i in order]


def among(sorted_rows: NDArray[np.integer], rows: Sequence[int]) -> set[int]:
    """Those of ``rows`` that ``sorted_rows`` holds."""
    if not len(sorted_rows):
        return set()
    found = np.minimum(np.searchsorted(sorted_rows, rows), len(sorted_rows) - 1)
    at = sorted_rows[found].tolist()
    return {row for row, there in zip(rows, at, strict=True) if row == there}


def unseen_idf(passages: int) -> float:
    """The IDF of a term that none of so many passages holds."""
    return log(passages + 0.5) - log(0.5)


def _length_norms(lengths: NDArray[np.float64], settings: LexicalSettings) -> NDArray[np.float64]:
    average = lengths.mean() if len(lengths) and lengths.any() else 1.0
    norms: NDArray[np.float64] = settings.k1 * (1 - settings.b + settings.b * lengths / average)
    return norms


def inverse_document_frequencies(
    frequencies: NDArray[np.int64], passages: int, epsilon: float
) -> NDArray[np.float64]:
    idf: NDArray[np.float64] = np.log(passages - frequencies + 0.5) - np.log(frequencies + 0.5)
    if len(idf):
        idf[idf < 0] = epsilon * idf.mean()
    return idf
