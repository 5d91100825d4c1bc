"""The documents of an open generation, one after another, and the passages of one of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from indexer.document_table import StoredDocument
from indexer.errors import UnknownDocument
from indexer.hits import Filters
from indexer.hybrid import HybridIndex
from indexer.passages import StoredPassage


class ListedDocument(NamedTuple):
    """A document, how many passages it has, and what stands in its place now."""

    document: StoredDocument
    passages: int
    superseded_by: tuple[str, ...]


def list_documents(
    index: HybridIndex, filters: Filters | None = None, *, after: str | None = None, limit: int = 100
) -> list[ListedDocument]:
    """Documents with at least one passage that passes, in document-id order.

    Args:
        after: Only those whose id comes after this one, which need not exist.
        limit: At most so many; at least 1.
    """
    with index.blaming_damage():
        store = index.passages
        allowed = store.allowed(filters)
        of_passages = store.document_rows
        rows = np.unique(of_passages if allowed is None else of_passages[allowed])
        if after is not None:
            rows = rows[_first_after(store.documents.ids, after, rows) :]
        counts = np.bincount(of_passages, minlength=len(store.documents))
        return [
            ListedDocument(
                store.documents.get(int(row)), int(counts[row]), store.documents.superseded_by(int(row))
            )
            for row in rows[:limit]
        ]


def one_document(index: HybridIndex, doc_id: str) -> ListedDocument:
    """The document with that id.

    Raises:
        UnknownDocument: If this generation has none.
    """
    with index.blaming_damage():
        table = index.passages.documents
        row = _row(index, doc_id)
        return ListedDocument(
            table.get(row),
            int(np.count_nonzero(index.passages.document_rows == row)),
            table.superseded_by(row),
        )


def passages_of(index: HybridIndex, doc_id: str) -> list[StoredPassage]:
    """All passages of a document, in the order of its text, equal places in passage-id order.

    Raises:
        UnknownDocument: If this generation has no such document.
    """
    with index.blaming_damage():
        store = index.passages
        rows = np.flatnonzero(store.document_rows == _row(index, doc_id))
        found = [store.get(int(row)) for row in rows]
        return sorted(found, key=lambda stored: (stored.passage.start, stored.passage.passage_id))


def _row(index: HybridIndex, doc_id: str) -> int:
    row = index.passages.documents.ids.find(doc_id)
    if row < 0:
        raise UnknownDocument(doc_id, index.generation)
    return row


def _first_after(ids: Sequence[str], after: str, rows: "np.ndarray[tuple[int], np.dtype[np.int32]]") -> int:
    """Where in ``rows`` the first document stands whose id is greater than ``after``."""
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if ids[int(rows[middle])] <= after:
            low = middle + 1
        else:
            high = middle
    return low
