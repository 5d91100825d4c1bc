"""Columns of a table, memory-mapped: one text a row, or several, as numbers of sorted distinct texts.

A filter looks its texts up once and compares numbers, so it costs a pass over a small array and reads no
row.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.disk import save_array
from indexer.strings import SortedStrings, map_array

Mask = NDArray[np.bool_]
"""One flag a row."""


class Texts:
    """A text, or none, for each row."""

    def __init__(self, folder: Path, name: str) -> None:
        self._values = SortedStrings.load(folder / name)
        self._numbers = np.asarray(map_array(folder / f"{name}.rows.npy").view(np.int32))

    def __len__(self) -> int:
        return len(self._numbers)

    def among(self, wanted: Iterable[str]) -> Mask:
        """The rows that have one of these texts."""
        return np.isin(self._numbers, _found(self._values, wanted))

    def below(self, paths: Iterable[str]) -> Mask:
        """The rows whose text, a path, is one of these or lies below it."""
        numbers = []
        for path in paths:
            folder = path.rstrip("/") + "/"
            numbers += [*_found(self._values, [path]), *range(*self._values.span(folder))]
        return np.isin(self._numbers, numbers)


class TextLists:
    """Any number of texts for each row."""

    def __init__(self, folder: Path, name: str) -> None:
        self._values = SortedStrings.load(folder / name)
        self._numbers = np.asarray(map_array(folder / f"{name}.numbers.npy").view(np.int32))
        self._starts = np.asarray(map_array(folder / f"{name}.starts.npy").view(np.int64))

    def among(self, wanted: Iterable[str]) -> Mask:
        """The rows that have at least one of these texts."""
        found = np.isin(self._numbers, _found(self._values, wanted))
        before = np.concatenate(([0], np.cumsum(found)))
        return np.diff(before[self._starts]) > 0

    def filled(self) -> Mask:
        """The rows that have any text."""
        return np.diff(self._starts) > 0

    def get(self, row: int) -> tuple[str, ...]:
        """The texts of one row, in code-point order."""
        numbers = self._numbers[self._starts[row] : self._starts[row + 1]]
        return tuple(self._values.take(numbers.astype(np.int64)))


def write_texts(folder: Path, name: str, rows: Sequence[str | None]) -> None:
    values = sorted({text for text in rows if text is not None})
    SortedStrings.of(values).save(folder / name)
    numbers: dict[str | None, int] = {text: number for number, text in enumerate(values)}
    save_array(folder / f"{name}.rows.npy", np.array([numbers.get(text, -1) for text in rows], np.int32))


def write_text_lists(folder: Path, name: str, rows: Sequence[Sequence[str]]) -> None:
    distinct = [sorted(set(texts)) for texts in rows]
    values = sorted(set(chain.from_iterable(distinct)))
    SortedStrings.of(values).save(folder / name)
    numbers = {text: number for number, text in enumerate(values)}
    flat = [numbers[text] for texts in distinct for text in texts]
    save_array(folder / f"{name}.numbers.npy", np.array(flat, np.int32))
    starts = np.cumsum([0, *(len(texts) for texts in distinct)])
    save_array(folder / f"{name}.starts.npy", starts.astype(np.int64))


def _found(values: SortedStrings, wanted: Iterable[str]) -> list[int]:
    return [number for text in wanted if (number := values.find(text)) >= 0]
