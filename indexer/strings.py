"""A sorted list of strings on disk, memory-mapped: opening it costs nothing, finding takes a bisection."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from indexer.disk import save_array


def map_array(path: Path, dtype: DTypeLike | None = None) -> NDArray[np.generic]:
    """Open an ``.npy`` file as a read-only map; an empty one, which cannot be mapped, is read.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is no array or, where a ``dtype`` is given, not a flat array of it.
    """
    empty = path.stat().st_size <= 128  # the header alone
    try:
        array: NDArray[np.generic] = np.load(path, allow_pickle=False, mmap_mode=None if empty else "r")
    except OSError:
        raise
    except Exception as error:  # a damaged header is Python text, and fails in as many ways
        raise ValueError(f"{path.name} is no array: {error}") from error
    if dtype is not None:
        wanted = np.dtype(dtype)
        # Compiled code reads it: right type, byte order, one dimension, no gaps, no odd address.
        flags = array.flags
        if array.dtype != wanted or array.ndim != 1 or not (flags.c_contiguous and flags.aligned):
            raise ValueError(f"{path.name} holds {array.dtype} {array.shape} instead of {wanted} in a row")
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
        save_array(path.with_name(path.name + ".utf8.npy"), self._blob)
        save_array(path.with_name(path.name + ".offsets.npy"), self._offsets)

    @classmethod
    def load(cls, path: Path) -> "SortedStrings":
        blob = map_array(path.with_name(path.name + ".utf8.npy"), np.uint8)
        offsets = map_array(path.with_name(path.name + ".offsets.npy"), np.int64)
        if not len(offsets):
            raise ValueError(f"{path.name}.offsets.npy is empty")
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
        """The position of ``string``, or -1.

        Raises:
            ValueError: If an offset on the way points outside of the bytes, as ``find_word`` of kernels.c.
        """
        wanted = string.encode("utf-8", "surrogatepass")
        position = bisect_left(range(len(self)), wanted, key=self._bytes)
        return position if position < len(self) and self._bytes(position) == wanted else -1

    def span(self, prefix: str) -> tuple[int, int]:
        """The first position of the strings that begin with ``prefix``, and the one behind their last."""
        first = prefix.encode("utf-8", "surrogatepass")
        places = range(len(self))
        # No byte of UTF-8 is 0xFF: all that begin with the prefix stand before it.
        return bisect_left(places, first, key=self._bytes), bisect_left(
            places, first + b"\xff", key=self._bytes
        )

    def take(self, positions: NDArray[np.int64]) -> list[str]:
        """The strings at ``positions``, in their order; much faster than one by one."""
        starts, ends = self._offsets[positions].tolist(), self._offsets[positions + 1].tolist()
        blob = memoryview(self._blob)  # type: ignore[arg-type]
        return [str(blob[start:end], "utf-8") for start, end in zip(starts, ends, strict=True)]

    def addresses(self) -> tuple[int, int, int]:
        """Where the UTF-8 bytes lie in memory, how many they are, and where the int64 offsets lie.

        They lie there for as long as this object lives.
        """
        return self._blob.ctypes.data, len(self._blob), self._offsets.ctypes.data

    def _bytes(self, index: int) -> bytes:
        start, end = int(self._offsets[index]), int(self._offsets[index + 1])
        # A slice would be cut to fit, and a damaged list found to hold nothing.
        if not 0 <= start <= end <= len(self._blob):
            raise ValueError(f"string {index} lies outside of the {len(self._blob)} bytes")
        return self._blob[start:end].tobytes()
