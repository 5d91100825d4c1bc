"""Which document replaces which: ``supersedes`` of all documents of a corpus, read together."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple, Protocol

from corpora.documents import Origin
from corpora.errors import CorpusError


class Edition(Protocol):
    """What is read of a document."""

    @property
    def doc_id(self) -> str: ...
    @property
    def supersedes(self) -> tuple[str, ...]: ...
    @property
    def origin(self) -> Origin | None: ...


class Unknown(NamedTuple):
    """A document names another that is not there: a misspelt id, or an edition that was never read."""

    doc_id: str
    superseded: str

    def __str__(self) -> str:
        return f"{self.doc_id!r} supersedes {self.superseded!r}, which no document of the corpus is"


class Editions(NamedTuple):
    """The editions of a corpus.

    Attributes:
        superseded_by: Of each superseded document the current ones that stand in its place, in id order:
            the ends of the chain, whatever lies between.
        unknown: In the order of the documents.
    """

    superseded_by: dict[str, tuple[str, ...]]
    unknown: tuple[Unknown, ...]


def editions(documents: Iterable[Edition]) -> Editions:
    """Follow ``supersedes`` through all documents.

    Raises:
        CorpusError: If documents supersede each other in a circle: none of them would be current.
    """
    by_id = {document.doc_id: document for document in documents}
    successors: defaultdict[str, set[str]] = defaultdict(set)
    unknown = []
    for document in by_id.values():
        for superseded in document.supersedes:
            if superseded in by_id:
                successors[superseded].add(document.doc_id)
            else:
                unknown.append(Unknown(document.doc_id, superseded))
    try:
        order = list(TopologicalSorter(successors).static_order())  # a document after all that replace it
    except CycleError as error:
        raise _circle(error.args[1], by_id) from None
    current: dict[str, set[str]] = {}
    for doc_id in order:
        if doc_id in successors:
            current[doc_id] = set().union(*(current.get(newer, {newer}) for newer in successors[doc_id]))
    return Editions({doc_id: tuple(sorted(found)) for doc_id, found in current.items()}, tuple(unknown))


def _circle(cycle: Sequence[str], by_id: dict[str, Edition]) -> CorpusError:
    """graphlib gives the circle with its first node again at the end, each superseding the one behind it."""
    start = min(range(len(cycle) - 1), key=cycle.__getitem__)
    ring = [*cycle[start:-1], *cycle[:start], cycle[start]]
    origin = by_id[ring[0]].origin
    return CorpusError(
        origin.path if origin else ".",
        origin.line if origin else None,
        f"documents supersede each other in a circle ({' → '.join(map(repr, ring))}), so that none is "
        "current: correct `supersedes` in one of them",
    )
