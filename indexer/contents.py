"""What an index holds before anything is computed: its documents, cut into passages, and their editions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from corpora import CorpusError, Document, Editions, Passage, SplitSettings, editions, split
from indexer.document_table import StoredDocument
from indexer.manifest import CorpusRecord

NOTED = 50
"""Remarks of one kind that a manifest keeps; a corpus of new editions alone would have one a document."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Documents sorted by id, and their passages sorted by passage id."""

    documents: list[StoredDocument]
    passages: list[Passage]
    editions: Editions

    def records(self) -> tuple[CorpusRecord, ...]:
        """The files that the documents came from, in the order of their paths."""
        by_path: dict[str, list[StoredDocument]] = {}
        for document in self.documents:
            by_path.setdefault(document.origin.path if document.origin else "", []).append(document)
        return tuple(
            CorpusRecord(path=path, documents=len(found), sha256=_digest(found))
            for path, found in sorted(by_path.items())
        )

    def notes(self) -> tuple[str, ...]:
        """What a person should look at."""
        return shortened([str(unknown) for unknown in self.editions.unknown])


def shortened(notes: Sequence[str]) -> tuple[str, ...]:
    """The first ``NOTED`` of them, and how many more there are."""
    more = len(notes) - NOTED
    return (*notes[:NOTED], *([f"{more:,} more like the one before"] if more > 0 else []))


def _digest(documents: Sequence[StoredDocument]) -> str:
    """The file's hash where the file is the document, else one of its parts' hashes in their order."""
    origins = [document.origin for document in documents if document.origin is not None]
    if len(origins) == 1:
        return origins[0].sha256
    parts = [origin.sha256 for origin in sorted(origins, key=lambda origin: origin.line or 0)]
    return sha256("\n".join(parts).encode()).hexdigest()


class Gathering:
    """Contents in the making. Ids are checked as documents come, so that an error names both places."""

    def __init__(self, settings: SplitSettings) -> None:
        self._settings = settings
        self._documents: dict[str, StoredDocument] = {}
        self._passages: dict[str, Passage] = {}

    def add(self, document: Document) -> None:
        """Take a document and cut it.

        Raises:
            CorpusError: If its id, or that of one of its passages, is taken.
        """
        self.keep(StoredDocument.of(document), split(document, self._settings))

    def keep(self, document: StoredDocument, passages: Iterable[Passage]) -> None:
        """Take a document that is cut already; raises as :meth:`add`."""
        if (earlier := self._documents.get(document.doc_id)) is not None:
            raise _error(
                document,
                f"the id {document.doc_id!r} is also that of {_place(earlier)}; ids must differ",
            )
        self._documents[document.doc_id] = document
        for passage in passages:
            if (twin := self._passages.get(passage.passage_id)) is not None:
                other = self._documents[twin.doc_id]
                raise _error(
                    document,
                    f"the passage id {passage.passage_id!r} is also made by document {other.doc_id!r} "
                    f"({_place(other)}); rename one",
                )
            self._passages[passage.passage_id] = passage

    def contents(self) -> Contents:
        """Raises:
        CorpusError: If there is no document, or documents supersede each other in a circle.
        """
        if not self._passages:
            raise CorpusError(
                ".", None, "no document at all; an empty index would hide that nothing was read"
            )
        documents = [self._documents[doc_id] for doc_id in sorted(self._documents)]
        passages = [self._passages[passage_id] for passage_id in sorted(self._passages)]
        return Contents(documents, passages, editions(documents))


def read_contents(
    documents: Iterable[Document], settings: SplitSettings, report: Callable[[int], None]
) -> Contents:
    """Read and cut all documents; ``report`` is told how many were read. Raises as :class:`Gathering`."""
    gathering = Gathering(settings)
    for number, document in enumerate(documents, start=1):
        gathering.add(document)
        report(number)
    return gathering.contents()


def _place(document: StoredDocument) -> str:
    origin = document.origin
    if origin is None:
        return "the caller"
    return f"{origin.path}:{origin.line}" if origin.line is not None else origin.path


def _error(document: StoredDocument, reason: str) -> CorpusError:
    origin = document.origin
    return CorpusError(origin.path if origin else ".", origin.line if origin else None, reason)
