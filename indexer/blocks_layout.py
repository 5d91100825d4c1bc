"""The files of the engine ``blocks`` and what is checked of them on opening.

terms.*             the vocabulary
lengths, idf        of each row, of each term
run_starts          of each term: its first run; one more ends the last
sparse_starts       of each term: where its sparse runs begin in offsets and impacts
dense_starts        of each term: where its dense runs begin in dense
run_blocks, run_counts (less one), run_maxima       of each run
offsets, impacts    of each sparse posting
dense               blocks of impacts, 0 where the row has not the term, padded to PADDING rows
odd_keys, odd_counts    term << 32 | row, ascending, and the count that its impact does not tell
constants           k1, b, average length, rows in a block

Opening checks types, lengths and the four constants, whatever the size of the index; what the arrays hold
is checked by a search where it touches them.
"""

from collections.abc import Mapping
from math import isfinite

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 65_536
"""As many as 16 bits tell apart."""

DENSE_SHARE = 4
"""A dense run is shorter from one row in three on; from one in four on it is hardly longer, and faster."""

PADDING = 64
"""Rows that the search looks at together."""

POINTED = {
    "run_starts": np.int64,
    "sparse_starts": np.int64,
    "dense_starts": np.int64,
    "run_blocks": np.uint16,
    "run_counts": np.uint16,
    "run_maxima": np.uint8,
    "offsets": np.uint16,
    "impacts": np.uint8,
    "dense": np.uint8,
    "lengths": np.int32,
    "odd_keys": np.int64,
    "odd_counts": np.int32,
}
"""What the compiled search reads."""

FILES = {**POINTED, "idf": np.float64, "constants": np.float64}

Arrays = Mapping[str, NDArray[np.generic]]


def padded(rows: int) -> int:
    return -(-rows // PADDING) * PADDING


def check_layout(arrays: Arrays, rows: int, terms: int) -> None:
    """Raise ``ValueError`` unless the arrays have the lengths that so many rows and terms ask for."""
    expected = {
        "lengths": rows,
        "idf": terms,
        "run_starts": terms + 1,
        "sparse_starts": terms + 1,
        "dense_starts": terms + 1,
        "run_counts": len(arrays["run_blocks"]),
        "run_maxima": len(arrays["run_blocks"]),
        "impacts": len(arrays["offsets"]),
        "odd_counts": len(arrays["odd_keys"]),
        "constants": 4,
    }
    for name, length in expected.items():
        if len(arrays[name]) != length:
            raise ValueError(f"{name} holds {len(arrays[name])} numbers instead of {length}")
    k1, b, average, block_rows = arrays["constants"].tolist()
    sound = (
        0 < k1 <= 100
        and 0 <= b <= 1
        and (isfinite(average) and average > 0)
        and (block_rows in range(1, BLOCK_ROWS + 1))
    )
    if not sound:
        raise ValueError(f"the constants read {k1}, {b}, {average}, {block_rows}")
