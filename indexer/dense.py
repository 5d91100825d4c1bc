"""Nearest neighbours by inner product over unit rows, in FAISS, memory-mapped.

The whole rows are always kept: they are the exact search, what a later build reuses, and what the
candidates of an approximate index are scored by, so that a score is the cosine whatever found it.
"""

from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer import approximate
from indexer.disk import save_faiss
from indexer.hits import Hit
from indexer.lexical import Allowed
from indexer.settings import DenseSettings
from indexer.strings import SortedStrings

FILE = "vectors.faiss"
APPROXIMATE = "approximate.faiss"

HNSW_FROM = 50_000
"""Rows. Below, scanning them all takes a few milliseconds, a tenth of what encoding the query takes."""

IVF_FROM = 2_000_000
"""Rows. A graph finds more of the nearest rows in less time (docs/performance.md), but each row put into it
costs half a millisecond or more, ten times an inverted file's; above, that is most of an hour a build."""

SCANNED = 0.05
"""Share of allowed rows below which they are scanned: lists and graphs are walked past too much."""

REFINED = 2
"""Candidates for each hit asked for: 8 bits misplace neighbours by a few ranks."""


def resolved(settings: DenseSettings, rows: int) -> DenseSettings:
    """The same settings with ``auto`` decided; what the manifest records."""
    if settings.kind != "auto":
        return settings
    kind = "flat" if rows < HNSW_FROM else "hnsw" if rows < IVF_FROM else "ivf-sq8"
    return settings.model_copy(update={"kind": kind})


class DenseIndex:
    """One unit row a passage, in passage-id order; the score is the cosine. Thread-safe."""

    def __init__(
        self, ids: SortedStrings, index: Any, near: Any = None, settings: DenseSettings | None = None
    ) -> None:
        self._ids = ids
        self._index = index
        self._near = near
        self._settings = settings or DenseSettings(kind="flat")

    @classmethod
    def build(
        cls, ids: SortedStrings, vectors: NDArray[np.float32], settings: DenseSettings | None = None
    ) -> "DenseIndex":
        """Args: vectors: float32, (len(ids), dim), unit rows."""
        if len(vectors) != len(ids):
            raise ValueError(f"{len(ids)} ids, but {len(vectors)} vectors")
        settings = resolved(settings or DenseSettings(), len(ids))
        rows = np.ascontiguousarray(vectors, np.float32)
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(rows)
        near = approximate.make(rows, settings) if settings.kind != "flat" and len(rows) else None
        return cls(ids, index, near, settings)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        save_faiss(folder / FILE, self._index)
        if self._near is not None:
            save_faiss(folder / APPROXIMATE, self._near)

    @classmethod
    def load(cls, folder: Path, ids: SortedStrings, settings: DenseSettings | None = None) -> "DenseIndex":
        # Plain IO_FLAG_MMAP still reads a flat index; this flag maps it in 0.3 ms.
        index = faiss.read_index(str(folder / FILE), faiss.IO_FLAG_MMAP_IFC)
        near = None
        if (folder / APPROXIMATE).is_file():
            near = faiss.read_index(str(folder / APPROXIMATE), faiss.IO_FLAG_MMAP_IFC)
        for part in (index, near):
            if part is not None and part.ntotal != len(ids):
                raise ValueError(f"{len(ids)} ids, but {part.ntotal} vectors")
        return cls(ids, index, near, settings)

    @property
    def dim(self) -> int:
        return int(self._index.d)

    def vectors(self) -> NDArray[np.float32]:
        """All rows, float32, (n, dim), read into memory."""
        if not self._index.ntotal:
            return np.empty((0, self.dim), np.float32)
        rows: NDArray[np.float32] = self._index.reconstruct_n(0, self._index.ntotal)
        return rows

    def search(self, query: NDArray[np.float32], k: int, allowed: Allowed = None) -> list[Hit]:
        """The ``k`` nearest passages, best first, equal scores in id order.

        Args:
            query: float32, (dim,), a unit vector.

        Returns:
            ``k`` hits wherever that many passages are allowed. With an approximate index a passage among
            the nearest is missed now and then (docs/performance.md), never replaced by a worse score.
        """
        total = int(self._index.ntotal)
        reachable = total if allowed is None else int(np.count_nonzero(allowed))
        if not reachable:
            return []
        bits = None if allowed is None else np.packbits(allowed, bitorder="little")
        selector = None if bits is None else faiss.IDSelectorBitmap(total, faiss.swig_ptr(bits))
        if self._near is not None and reachable > SCANNED * total:
            rows = approximate.candidates(self._near, query, REFINED * k, self._settings, selector)
            if len(rows) >= min(k, reachable):
                return self._ranked(rows, self._index.reconstruct_batch(rows) @ query, k)
        return self._scan(query, k, reachable, selector)

    def _scan(self, query: NDArray[np.float32], k: int, reachable: int, selector: Any) -> list[Hit]:
        parameters = None if selector is None else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        wanted = min(k + 1, reachable)
        while True:
            scores, rows = self._index.search(query.reshape(1, -1), wanted, params=parameters)
            # FAISS does not promise which of a tie at the last rank it keeps: look until the tie is whole.
            if wanted == reachable or scores[0, k - 1] > scores[0, -1]:
                break
            wanted = min(2 * wanted, reachable)
        return self._ranked(rows[0], scores[0], k)

    def _ranked(self, rows: NDArray[np.int64], scores: NDArray[np.float32], k: int) -> list[Hit]:
        order = np.lexsort((rows, -scores))[:k]
        ids = self._ids.take(rows[order])
        return [Hit(*pair) for pair in zip(ids, scores[order].tolist(), strict=True)]
