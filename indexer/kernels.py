"""The compiled search (``kernels.c``), if it was built; what it needs of an index, as C sees it.

It is built when the project is installed, never later: no query waits for a compiler, and a read-only
installation is fine. ctypes calls release the GIL.
"""

import ctypes
import warnings
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class CIndex(ctypes.Structure):
    """``Index`` of ``kernels.c``, field by field. Who fills it keeps the arrays alive."""

    _fields_ = [
        *(
            (name, ctypes.c_int64)
            for name in (
                "rows",
                "terms",
                "block_rows",
                "dense_share",
                "words_size",
                "runs",
                "postings",
                "dense_size",
                "odd",
            )
        ),
        *(
            (name, ctypes.c_void_p)
            for name in (
                "words",
                "word_starts",
                "run_starts",
                "sparse_starts",
                "dense_starts",
                "run_blocks",
                "run_counts",
                "run_maxima",
                "offsets",
                "impacts",
                "dense",
                "lengths",
                "odd_keys",
                "odd_counts",
            )
        ),
        *((name, ctypes.c_double) for name in ("k1", "b", "average")),
    ]


NOT_FOUND, NO_MEMORY, DAMAGED = -1, -1, -2


class DamagedIndex(Exception):  # noqa: N818
    """The compiled search met a number that points outside of the index; its caller knows the file."""


class Kernels:
    """The functions of the library. Thread-safe."""

    def __init__(self, library: ctypes.CDLL) -> None:
        """Raises ``AttributeError`` or ``OSError`` if the library is not the one of this version."""
        library.size_of_index.restype = ctypes.c_int64
        if library.size_of_index() != ctypes.sizeof(CIndex):
            raise OSError("it was built from another version")
        self._find = library.find_word
        self._find.restype = ctypes.c_int64
        pointer, integer = ctypes.c_void_p, ctypes.c_int64
        self._find.argtypes = [pointer, ctypes.c_char_p, integer]
        self._search = library.search
        self._search.restype = ctypes.c_int64
        self._search.argtypes = [pointer] * 4 + [integer] * 3 + [pointer] * 3

    def find(self, index: CIndex, word: bytes) -> int:
        """The number of a word of the vocabulary, or -1.

        Raises:
            DamagedIndex: If the vocabulary's offsets point outside of it.
        """
        number = int(self._find(ctypes.addressof(index), word, len(word)))
        if number == DAMAGED:
            raise DamagedIndex
        return number

    def search(
        self,
        index: CIndex,
        terms: NDArray[np.int64],
        weights: NDArray[np.float64],
        scaled: NDArray[np.uint16],
        k: int,
        window: int,
        allowed: NDArray[np.bool_] | None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The best rows and their scores, at most ``k``; see ``kernels.c``.

        Raises:
            DamagedIndex: If what the arrays hold cannot be.
        """
        rows, scores = np.empty(k, np.int64), np.empty(k, np.float64)
        found = self._search(
            ctypes.addressof(index),
            terms.ctypes.data,
            weights.ctypes.data,
            scaled.ctypes.data,
            len(terms),
            k,
            window,
            None if allowed is None else allowed.ctypes.data,
            rows.ctypes.data,
            scores.ctypes.data,
        )
        if found == DAMAGED:
            raise DamagedIndex
        if found < 0:
            raise MemoryError("not enough memory for a lexical search")
        return rows[:found], scores[:found]


@cache
def kernels() -> Kernels | None:
    """The compiled search, or ``None``, with one warning, where it was not built."""
    for suffix in EXTENSION_SUFFIXES:
        path = Path(__file__).with_name("_kernels" + suffix)
        if path.is_file():
            try:
                return Kernels(ctypes.CDLL(str(path)))
            except (OSError, AttributeError) as error:
                warnings.warn(f"{path.name} does not load ({error}): {_CURE}", RuntimeWarning, stacklevel=2)
                return None
    warnings.warn(f"the compiled search is missing: {_CURE}", RuntimeWarning, stacklevel=2)
    return None


_CURE = (
    "lexical search runs on numpy, slower with the same results; to build it, install a C compiler and "
    "reinstall (in a checkout: `pip install -e .`)"
)
