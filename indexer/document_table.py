"""The documents of a generation: what each says of itself, and columns of it for filters."""

import mmap
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from corpora import Document, Frozen, Origin
from indexer.columns import Mask, TextLists, Texts, write_text_lists, write_texts
from indexer.disk import save_array
from indexer.hits import Filters
from indexer.strings import SortedStrings, map_array

FOLDER = "documents"


class DocumentFacts(Frozen):
    """What a document says of itself, beside its text; see :class:`corpora.Document`."""

    title: str
    source: str | None = None
    licence: str | None = None
    published: date | None = None
    edition: str | None = None
    language: str | None = None
    supersedes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    unreviewed: bool = False


class StoredDocument(DocumentFacts):
    """A document of a generation. Its text is in its passages."""

    doc_id: str
    origin: Origin | None = None

    @classmethod
    def of(cls, document: Document) -> "StoredDocument":
        return cls.model_validate({name: getattr(document, name) for name in cls.model_fields})

    def facts(self) -> dict[str, object]:
        """The fields of :class:`DocumentFacts`, by name."""
        return {name: getattr(self, name) for name in DocumentFacts.model_fields}


class DocumentTable:
    """Reads documents by row; rows are in document-id order. Opening it reads none of them."""

    def __init__(self, folder: Path) -> None:
        self.ids = SortedStrings.load(folder / "ids")
        self._offsets = map_array(folder / "lines.npy").view(np.int64)
        self._sources = Texts(folder, "sources")
        self._licences = Texts(folder, "licences")
        self._editions = Texts(folder, "editions")
        self._languages = Texts(folder, "languages")
        self._paths = Texts(folder, "paths")
        self._tags = TextLists(folder, "tags")
        self._published = np.asarray(map_array(folder / "published.npy").view(np.int32))
        self._unreviewed = np.asarray(map_array(folder / "unreviewed.npy").view(np.bool_))
        self._superseded_by = TextLists(folder, "superseded_by")
        superseded = self._superseded_by.filled()
        self._superseded = superseded if superseded.any() else None
        with (folder / "documents.jsonl").open("rb") as file:
            self._lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return len(self.ids)

    def get(self, row: int) -> StoredDocument:
        return StoredDocument.model_validate_json(self._line(row))

    def _line(self, row: int) -> bytes:
        return self._lines[int(self._offsets[row]) : int(self._offsets[row + 1])]

    def shows_the_same(self, row: int, other: "DocumentTable", other_row: int) -> bool:
        """Whether a document of two tables says the same of itself, wherever it was read from."""
        if self.superseded_by(row) != other.superseded_by(other_row):
            return False
        return (
            self._line(row) == other._line(other_row) or self.get(row).facts() == other.get(other_row).facts()
        )

    def superseded_by(self, row: int) -> tuple[str, ...]:
        """The ids of the current documents that stand in the document's place; empty if it is current."""
        return self._superseded_by.get(row)

    def superseded(self) -> list[str]:
        """The ids of all superseded documents."""
        return self.ids.take(np.flatnonzero(self._superseded_by.filled()))

    def allowed(self, filters: Filters) -> Mask | None:
        """Which rows pass what filters say of documents, (n,); ``None`` where all do."""
        masks = [
            column(wanted)
            for column, wanted in (
                (self._named, filters.doc_ids),
                (self._sources.among, filters.sources),
                (self._licences.among, filters.licences),
                (self._editions.among, filters.editions),
                (self._languages.among, filters.languages),
                (self._tags.among, filters.tags),
                (self._paths.below, filters.paths),
            )
            if wanted is not None
        ]
        if filters.published_from is not None:
            masks.append(self._published >= filters.published_from.toordinal())
        if filters.published_to is not None:
            masks.append((self._published > 0) & (self._published <= filters.published_to.toordinal()))
        if filters.unreviewed is not None:
            masks.append(self._unreviewed == filters.unreviewed)
        if filters.superseded == "only":
            masks.append(np.zeros(len(self), np.bool_) if self._superseded is None else self._superseded)
        elif filters.superseded == "exclude" and self._superseded is not None:
            masks.append(~self._superseded)
        return np.logical_and.reduce(masks) if masks else None

    def _named(self, doc_ids: Sequence[str]) -> Mask:
        mask = np.zeros(len(self), np.bool_)
        mask[[row for doc_id in doc_ids if (row := self.ids.find(doc_id)) >= 0]] = True
        return mask


def write_documents(
    folder: Path, documents: Sequence[StoredDocument], superseded_by: Mapping[str, Sequence[str]]
) -> None:
    """Write what :class:`DocumentTable` reads.

    Args:
        documents: Sorted by id.
        superseded_by: Of each superseded document the current ones in its place.
    """
    folder.mkdir()
    SortedStrings.of(document.doc_id for document in documents).save(folder / "ids")
    write_texts(folder, "sources", [document.source for document in documents])
    write_texts(folder, "licences", [document.licence for document in documents])
    write_texts(folder, "editions", [document.edition for document in documents])
    write_texts(folder, "languages", [document.language for document in documents])
    write_texts(
        folder, "paths", [document.origin.path if document.origin else None for document in documents]
    )
    write_text_lists(folder, "tags", [document.tags for document in documents])
    # Days of the calendar, from 1; 0 stands for none.
    days = [document.published.toordinal() if document.published else 0 for document in documents]
    save_array(folder / "published.npy", np.array(days, np.int32))
    save_array(folder / "unreviewed.npy", np.array([document.unreviewed for document in documents], np.bool_))
    write_text_lists(
        folder, "superseded_by", [superseded_by.get(document.doc_id, ()) for document in documents]
    )
    offsets = [0]
    with (folder / "documents.jsonl").open("wb") as file:
        for document in documents:
            offsets.append(offsets[-1] + file.write(document.model_dump_json().encode() + b"\n"))
    save_array(folder / "lines.npy", np.array(offsets, np.int64))
