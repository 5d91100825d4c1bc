"""Reading what ``synthetic`` wrote; numpy alone, so that the peers' environment can run it."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Terms = NDArray[np.int32]


class SyntheticCorpus:
    """A folder that this module wrote, memory-mapped: ``tokens.npy``, ``starts.npy``, ``words.txt``."""

    def __init__(self, folder: Path) -> None:
        self.words = (folder / "words.txt").read_text(encoding="utf-8").split("\n")
        self._tokens = np.load(folder / "tokens.npy", mmap_mode="r")
        self._starts = np.load(folder / "starts.npy", mmap_mode="r")
        self._folder = folder

    def __len__(self) -> int:
        return len(self._starts) - 1

    def terms(self, row: int) -> Terms:
        terms: Terms = self._tokens[int(self._starts[row]) : int(self._starts[row + 1])]
        return terms

    def passages(self) -> Iterator[list[str]]:
        """The terms of every passage, in row order."""
        words = self.words
        for row in range(len(self)):
            yield [words[number] for number in self.terms(row).tolist()]

    def queries(self) -> list[list[str]]:
        queries: list[list[str]] = json.loads((self._folder / "queries.json").read_text(encoding="utf-8"))
        return queries
