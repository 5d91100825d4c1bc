"""Vectors of a build that has not ended yet, so that a killed one loses no finished batch.

    DIR/encoded.journal    a header, then one record a vector: its key, its numbers, their CRC-32

Records are appended batch by batch and have one size, so a torn or damaged one is passed over and hides no
other. A kill of the process loses nothing that was appended; what a power failure tears is encoded again.
Only the builder, who holds the lock, ever opens it; publishing a generation removes it.
"""

import struct
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

FILE = "encoded.journal"
MAGIC = b"jmedqa-vectors-1"
_HEADER = struct.Struct(f"<{len(MAGIC)}sI")
_KEY = 32


class VectorJournal:
    """The journal of one folder of generations, opened for rows of ``dim`` numbers.

    A journal of rows of another length is of another encoder and starts anew.
    """

    def __init__(self, directory: Path, dim: int) -> None:
        self.path = directory / FILE
        self._dim = dim
        self._size = _KEY + 4 * dim + 4
        self._file = self.path.open("a+b")
        whole = self._whole()
        self._file.truncate(whole)
        if not whole:
            self._file.write(_HEADER.pack(MAGIC, dim))
            self._file.flush()

    def read(self, wanted: set[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The vectors of the wanted keys that are in it undamaged."""
        found: dict[bytes, NDArray[np.float32]] = {}
        self._file.seek(_HEADER.size)
        while len(record := self._file.read(self._size)) == self._size:
            body, checksum = record[:-4], record[-4:]
            if body[:_KEY] in wanted and zlib.crc32(body).to_bytes(4, "little") == checksum:
                found[body[:_KEY]] = np.frombuffer(body, "<f4", offset=_KEY).astype(np.float32)
        return found

    def append(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Args: keys: 32 bytes each; vectors: float32, (len(keys), dim)."""
        bodies = [key + row.astype("<f4").tobytes() for key, row in zip(keys, vectors, strict=True)]
        self._file.write(b"".join(body + zlib.crc32(body).to_bytes(4, "little") for body in bodies))
        self._file.flush()

    def remove(self) -> None:
        """The vectors have a better place now."""
        self._file.close()
        with suppress(OSError):  # it would only be read again, and every vector in it is true
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _whole(self) -> int:
        """Bytes up to the last whole record; 0 where the header is not this one's."""
        self._file.seek(0)
        if self._file.read(_HEADER.size) != _HEADER.pack(MAGIC, self._dim):
            return 0
        end = self._file.seek(0, 2)
        return end - (end - _HEADER.size) % self._size
