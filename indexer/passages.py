"""The passages of a generation: what is shown, what is indexed, and where it lies on disk."""

import mmap
from collections.abc import Iterable, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np

from corpora import Document, Passage
from indexer.columns import Mask, Texts, write_texts
from indexer.disk import save_array
from indexer.document_table import FOLDER, DocumentFacts, DocumentTable, StoredDocument
from indexer.hits import Filters
from indexer.strings import SortedStrings, map_array


class StoredPassage(DocumentFacts):
    """A passage with what is shown beside a citation of it; the other fields are its document's.

    Attributes:
        superseded_by: The ids of the current documents that stand in the place of the passage's document;
            empty where that is current itself.
    """

    passage: Passage
    superseded_by: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, passage: Passage, document: Document | StoredDocument, superseded_by: tuple[str, ...] = ()
    ) -> "StoredPassage":
        facts = {name: getattr(document, name) for name in DocumentFacts.model_fields}
        return cls(passage=passage, superseded_by=superseded_by, **facts)


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
        self.documents = DocumentTable(folder / FOLDER)
        self.document_rows = np.asarray(map_array(folder / "document_of.npy").view(np.int32))
        """Of each passage its document's row, int32, (n,)."""
        self._section_types = Texts(folder, "section_types")
        self._offsets = map_array(folder / "passages.offsets.npy").view(np.int64)
        with (folder / "passages.jsonl").open("rb") as file:
            self._lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return len(self.ids)

    def get(self, row: int) -> StoredPassage:
        document = int(self.document_rows[row])
        return StoredPassage.of(
            self.passage(row), self.documents.get(document), self.documents.superseded_by(document)
        )

    def passage(self, row: int) -> Passage:
        return Passage.model_validate_json(self._line(row))

    def _line(self, row: int) -> bytes:
        return self._lines[int(self._offsets[row]) : int(self._offsets[row + 1])]

    def shows_the_same(self, row: int, other: "PassageStore", other_row: int) -> bool:
        """Whether a passage of two stores is equal in all that is shown, superseding documents included."""
        return self._line(row) == other._line(other_row) and self.documents.shows_the_same(
            int(self.document_rows[row]), other.documents, int(other.document_rows[other_row])
        )

    def document_id(self, row: int) -> str:
        return self.documents.ids[int(self.document_rows[row])]

    def allowed(self, filters: Filters | None) -> Mask | None:
        """One flag a row, (n,); ``None`` where all pass."""
        if filters is None or filters == Filters():
            return self._current
        allowed = self._of_documents(filters)
        if filters.section_types is not None:
            of_type = self._section_types.among(filters.section_types)
            allowed = of_type if allowed is None else allowed & of_type
        return allowed

    @cached_property
    def _current(self) -> Mask | None:
        return self._of_documents(Filters())

    def _of_documents(self, filters: Filters) -> Mask | None:
        allowed = self.documents.allowed(filters)
        return None if allowed is None else allowed[self.document_rows]


def write_passages(folder: Path, passages: Sequence[Passage], hashes: Iterable[bytes]) -> SortedStrings:
    """Write what :class:`PassageStore` reads beside the table of documents.

    Args:
        passages: Sorted by passage id.
        hashes: The content hash of each.

    Returns:
        The ids.
    """
    ids = SortedStrings.of(passage.passage_id for passage in passages)
    ids.save(folder / "ids")
    save_array(folder / "content.npy", np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32))
    rows = {doc_id: row for row, doc_id in enumerate(sorted({passage.doc_id for passage in passages}))}
    save_array(folder / "document_of.npy", np.array([rows[passage.doc_id] for passage in passages], np.int32))
    write_texts(folder, "section_types", [passage.section_type for passage in passages])
    offsets = [0]
    with (folder / "passages.jsonl").open("wb") as file:
        for passage in passages:
            offsets.append(offsets[-1] + file.write(passage.model_dump_json().encode() + b"\n"))
    save_array(folder / "passages.offsets.npy", np.array(offsets, np.int64))
    return ids
