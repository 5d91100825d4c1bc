"""The passages of a generation: what is shown, what is indexed, and where it lies on disk."""

import mmap
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpora import Document, Frozen, Passage
from indexer.disk import save_array
from indexer.hits import Filters
from indexer.strings import SortedStrings, map_array


class StoredPassage(Frozen):
    """A passage with what is shown beside a citation of it; the fields are its document's."""

    passage: Passage
    title: str
    source: str | None = None
    licence: str | None = None
    published: date | None = None
    edition: str | None = None
    language: str | None = None
    unreviewed: bool = False

    @classmethod
    def of(cls, passage: Passage, document: Document) -> "StoredPassage":
        return cls(
            passage=passage,
            title=document.title,
            source=document.source,
            licence=document.licence,
            published=document.published,
            edition=document.edition,
            language=document.language,
            unreviewed=document.unreviewed,
        )


def indexed_text(passage: Passage) -> str:
    """What both arms index: the path of headings, then the text. Defined here and nowhere else."""
    return "\n".join((" > ".join(passage.headings), passage.text)) if passage.headings else passage.text


def content_hash(text: str) -> bytes:
    """sha256 of an indexed text: equal texts have equal terms and vectors."""
    return sha256(text.encode()).digest()


class PassageStore:
    """Reads passages by id or row; rows are in passage-id order. Opening it reads none of them."""

    def __init__(self, folder: Path) -> None:
        self.ids = SortedStrings.load(folder / "ids")
        self.hashes = map_array(folder / "content.npy").view(np.uint8)
        """sha256 of each row's indexed text, uint8, (n, 32)."""
        self._offsets = map_array(folder / "passages.offsets.npy").view(np.int64)
        self._documents = SortedStrings.load(folder / "documents")
        self._sources = SortedStrings.load(folder / "sources")
        self._document_of = map_array(folder / "document_of.npy").view(np.int32)
        self._source_of = map_array(folder / "source_of.npy").view(np.int32)
        with (folder / "passages.jsonl").open("rb") as file:
            self._lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def documents(self) -> int:
        return len(self._documents)

    def get(self, row: int) -> StoredPassage:
        start, end = int(self._offsets[row]), int(self._offsets[row + 1])
        return StoredPassage.model_validate_json(self._lines[start:end])

    def line(self, row: int) -> bytes:
        """What is stored of the passage, as written: equal bytes are equal passages."""
        return self._lines[int(self._offsets[row]) : int(self._offsets[row + 1])]

    def document_id(self, row: int) -> str:
        return self._documents[int(self._document_of[row])]

    def allowed(self, filters: Filters | None) -> NDArray[np.bool_] | None:
        """One flag a row, (n,); ``None`` where nothing is filtered."""
        if filters is None or (filters.doc_ids is None and filters.sources is None):
            return None
        allowed = np.ones(len(self), np.bool_)
        for wanted, names, of_row in (
            (filters.doc_ids, self._documents, self._document_of),
            (filters.sources, self._sources, self._source_of),
        ):
            if wanted is not None:
                numbers = [number for name in wanted if (number := names.find(name)) >= 0]
                allowed &= np.isin(of_row, numbers)
        return allowed


def write_passages(folder: Path, passages: Sequence[StoredPassage], hashes: Iterable[bytes]) -> SortedStrings:
    """Write what :class:`PassageStore` reads.

    Args:
        passages: Sorted by passage id.
        hashes: The content hash of each.

    Returns:
        The ids.
    """
    ids = SortedStrings.of(stored.passage.passage_id for stored in passages)
    ids.save(folder / "ids")
    save_array(folder / "content.npy", np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32))

    documents = sorted({stored.passage.doc_id for stored in passages})
    SortedStrings.of(documents).save(folder / "documents")
    place = {doc_id: number for number, doc_id in enumerate(documents)}
    save_array(
        folder / "document_of.npy", np.array([place[stored.passage.doc_id] for stored in passages], np.int32)
    )

    sources = sorted({stored.source for stored in passages if stored.source is not None})
    SortedStrings.of(sources).save(folder / "sources")
    source_place: dict[str | None, int] = {source: number for number, source in enumerate(sources)}
    save_array(
        folder / "source_of.npy",
        np.array([source_place.get(stored.source, -1) for stored in passages], np.int32),
    )

    offsets = [0]
    with (folder / "passages.jsonl").open("wb") as file:
        for stored in passages:
            offsets.append(offsets[-1] + file.write(stored.model_dump_json().encode() + b"\n"))
    save_array(folder / "passages.offsets.npy", np.array(offsets, np.int64))
    return ids
