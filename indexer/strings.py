"""A sorted list of strings on disk, memory-mapped: opening it costs nothing, finding takes a bisection."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray


def map_array(path: Path) -> NDArray[np.generic]:
    """Open an ``.npy`` file as a read-only map; an empty one, which cannot be mapped, is read."""
    empty = path.stat().st_size <= 128  # the header alone
    array: NDArray[np.generic] = np.load(path, allow_pickle=False, mmap_mode=None if empty else "r")
    return array


class SortedStrings(Sequence[str]):
    """Distinct strings in code-point order, which is the order of their UTF-8 bytes."""

    def __init__(self, blob: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        # Plain views: a memmap runs Python code for every slice.
        self._blob = np.asarray(blob)
        self._offsets = np.asarray(offsets)

    @classmethod
    def of(cls, strings: Iterable[str]) -> "SortedStrings":
        """Raises ``ValueError`` unless the strings are sorted and distinct."""
        encoded = [string.encode() for string in strings]
        if any(first >= second for first, second in pairwise(encoded)):
            raise ValueError("strings must be sorted and distinct")
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(item) for item in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets)

    def save(self, path: Path) -> None:
        """Write ``path`` with the suffixes ``.utf8.npy`` and ``.offsets.npy``."""
        np.save(path.with_name(path.name + ".utf8.npy"), self._blob)
        np.save(path.with_name(path.name + ".offsets.npy"), self._offsets)

    @classmethod
    def load(cls, path: Path) -> "SortedStrings":
        blob = map_array(path.with_name(path.name + ".utf8.npy"))
        offsets = map_array(path.with_name(path.name + ".offsets.npy"))
        return cls(blob.view(np.uint8), offsets.view(np.int64))

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._bytes(index).decode()

    def __iter__(self) -> Iterator[str]:
        blob, offsets = self._blob.tobytes(), self._offsets.tolist()
        for start, end in pairwise(offsets):
            yield blob[start:end].decode()

    def find(self, string: str) -> int:
        """The position of ``string``, or -1."""
        wanted = string.encode("utf-8", "surrogatepass")
        position = bisect_left(range(len(self)), wanted, key=self._bytes)
        return position if position < len(self) and self._bytes(position) == wanted else -1

    def _bytes(self, index: int) -> bytes:
        return self._blob[self._offsets[index] : self._offsets[index + 1]].tobytes()
