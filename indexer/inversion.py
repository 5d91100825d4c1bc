"""Inversion in segments: from the bags of the passages, in row order, to postings by term.

The bags are read once and never held together. A segment of them is inverted in memory and spilt to disk,
its terms in code-point order; the segments are then merged by ranges of terms. So memory follows the
segment and the vocabulary, not the corpus (Heinz and Zobel, JASIST 2003, doi:10.1002/asi.10268).
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

MERGED_AT_ONCE = 2_000_000
"""Postings. Merging holds some 60 bytes for each."""

_LARGE = 0xFFFF


class Runs(NamedTuple):
    """Postings of neighbouring terms: a run is what one block holds of one term.

    Attributes:
        terms: Of each run: the term's place in the vocabulary, ascending.
        blocks: Of each run, ascending within a term.
        counts: Of each run: how many postings; they follow each other in ``offsets`` and ``times``.
        offsets: Of each posting: the row within its block, ascending.
        times: Of each posting: how counts the passage holds the term.
    """

    terms: NDArray[np.int64]
    blocks: NDArray[np.int64]
    counts: NDArray[np.int64]
    offsets: NDArray[np.uint16]
    times: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _Segment:
    terms: NDArray[np.int32]  # as numbered by first occurrence, in code-point order
    starts: NDArray[np.int64]  # len(terms) + 1: postings in the spilt files


class Inversion:
    """All bags, inverted and spilt; one segment for each block of ``block_rows`` rows.

    Attributes:
        lengths: Of each row: its number of terms.
        vocabulary: All terms, in code-point order.
    """

    def __init__(self, bags: Iterable[Mapping[str, int]], block_rows: int, folder: Path) -> None:
        self._folder = folder
        self._segments: list[_Segment] = []
        numbers: defaultdict[str, int] = defaultdict()
        numbers.default_factory = numbers.__len__
        lengths: list[NDArray[np.int32]] = []
        written = 0
        with (folder / "offsets").open("wb") as offsets, (folder / "times").open("wb") as times:
            source = iter(bags)
            while (bag := next(source, None)) is not None:
                segment = islice(chain((bag,), source), block_rows)
                terms, counts, sizes = _flattened(segment, numbers.__getitem__)
                ends = np.cumsum(sizes)
                totals = np.concatenate(([0], np.cumsum(counts)))
                lengths.append(np.diff(totals[ends], prepend=0).astype(np.int32))
                self._segments.append(_spill(terms, counts, sizes, list(numbers), written, offsets, times))
                written = int(self._segments[-1].starts[-1])
        self.lengths = np.concatenate(lengths) if lengths else np.empty(0, np.int32)
        by_number = list(numbers)
        self.vocabulary = sorted(by_number)
        self._place = np.empty(len(by_number), np.int64)
        self._place[[numbers[term] for term in self.vocabulary]] = np.arange(len(by_number))

    def frequencies(self) -> NDArray[np.int64]:
        """Of each term of the vocabulary: how many passages hold it."""
        totals = np.zeros(len(self.vocabulary), np.int64)
        for segment in self._segments:
            totals[self._place[segment.terms]] += np.diff(segment.starts)
        return totals

    def runs(self) -> Iterator[Runs]:
        """The runs of all terms, in the vocabulary's order, a range of terms at a time."""
        if not self.vocabulary:
            return
        offsets = np.memmap(self._folder / "offsets", np.uint16, "r")
        times = np.memmap(self._folder / "times", np.int32, "r")
        places = [self._place[segment.terms] for segment in self._segments]
        ends = np.cumsum(self.frequencies())
        low = 0
        while low < len(ends):
            before = int(ends[low - 1]) if low else 0
            high = max(low + 1, int(np.searchsorted(ends, before + MERGED_AT_ONCE)))
            spans = [tuple(np.searchsorted(place, (low, high)).tolist()) for place in places]
            yield _merged(self._segments, places, spans, offsets, times)
            low = high


def _flattened(
    bags: Iterator[Mapping[str, int]], number: Callable[[str], int]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """The bags' terms as numbers and their counts, one bag after the other; how many terms each has."""
    terms, counts, sizes = array("i"), array("i"), array("i")
    # Some hundred bags a time: a call for each costs as much again, and all at once are gigabytes.
    while part := list(islice(bags, 256)):
        here = [len(bag) for bag in part]
        total = sum(here)
        flat = np.fromiter(map(number, chain.from_iterable(part)), np.int32, total)
        terms.frombytes(flat.tobytes())
        flat = np.fromiter(chain.from_iterable(bag.values() for bag in part), np.int32, total)
        counts.frombytes(flat.tobytes())
        sizes.extend(here)
    return np.array(terms, np.int32), np.array(counts, np.int32), np.array(sizes, np.int32)


def _spill(
    numbers: NDArray[np.int32],
    counts: NDArray[np.int32],
    sizes: NDArray[np.int32],
    names: list[str],
    written: int,
    offsets: BinaryIO,
    times: BinaryIO,
) -> _Segment:
    """Sort one segment's postings by term, then row, and append them to the files."""
    frequencies = np.bincount(numbers, minlength=len(names))
    present = sorted(np.flatnonzero(frequencies).tolist(), key=names.__getitem__)
    place = np.empty(len(names), np.int64)
    place[present] = np.arange(len(present))
    rows = np.repeat(np.arange(len(sizes)), sizes)
    # Term, row and count in one word: sorting words is several times faster than ordering by keys.
    keys = place[numbers] << 32 | rows << 16 | np.minimum(counts, _LARGE)
    large = {int(keys[at]): int(counts[at]) for at in np.flatnonzero(counts >= _LARGE)}
    keys.sort()
    sorted_times = (keys & _LARGE).astype(np.int32)
    for key, count in large.items():
        sorted_times[np.searchsorted(keys, key)] = count
    offsets.write((keys >> 16).astype(np.uint16).tobytes())
    times.write(sorted_times.tobytes())
    starts = written + np.concatenate(([0], np.cumsum(frequencies[present])))
    return _Segment(np.array(present, np.int32), starts)


def _merged(
    segments: list[_Segment],
    places: list[NDArray[np.int64]],
    spans: list[tuple[int, int]],
    offsets: NDArray[np.uint16],
    times: NDArray[np.int32],
) -> Runs:
    terms = np.concatenate([place[low:high] for place, (low, high) in zip(places, spans, strict=True)])
    blocks = np.repeat(np.arange(len(spans)), [high - low for low, high in spans])
    sizes = np.concatenate(
        [
            np.diff(segment.starts[low : high + 1])
            for segment, (low, high) in zip(segments, spans, strict=True)
        ]
    )
    slices = [
        slice(int(segment.starts[low]), int(segment.starts[high]))
        for segment, (low, high) in zip(segments, spans, strict=True)
    ]
    order = np.argsort(terms, kind="stable")
    starts = np.cumsum(sizes) - sizes
    counts = sizes[order]
    source = np.repeat(starts[order] - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
    return Runs(
        terms[order],
        blocks[order],
        counts,
        np.concatenate([offsets[part] for part in slices])[source],
        np.concatenate([times[part] for part in slices])[source],
    )
