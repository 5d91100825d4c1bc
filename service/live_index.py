"""The index a running service answers from: notices a new generation and changes over to it.

A question keeps the generation it began with; the old one is closed after its last question. Nothing serves
before every checksum of it has been compared. A new generation that is damaged or cannot be opened changes
nothing: what serves goes on serving, marked degraded.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer import Encoder, HybridIndex, IndexFailure, current_name
from service.retrieval import IndexRetriever, index_unavailable


@dataclass(frozen=True)
class IndexState:
    """What is served, for `/readyz` and metrics.

    Attributes:
        generation: ``None`` where no index is open.
        problem: Why the newest generation is not the one served; ``None`` where it is.
    """

    generation: str | None
    problem: str | None

    @property
    def degraded(self) -> bool:
        """An older generation serves in place of one that cannot be opened."""
        return self.generation is not None and self.problem is not None


class _Opened:
    """An open index and the number of its users, the live index itself being one."""

    def __init__(self, index: HybridIndex) -> None:
        self.index = index
        self.users = 1


class LiveIndex:
    """Thread-safe. Call `refresh` first, and again whenever the folder may have changed."""

    def __init__(self, directory: Path, *, encoder: Encoder | None = None) -> None:
        self.directory = directory
        self._encoder = encoder
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()
        self._live: _Opened | None = None
        self._problem: str | None = None
        self._failure: IndexFailure | None = None
        self._tried: str | None = None

    @property
    def state(self) -> IndexState:
        """What is served now."""
        with self._lock:
            return IndexState(self._live.index.generation if self._live else None, self._problem)

    def refresh(self) -> bool:
        """Open the generation that is current on disk, unless it is served already; blocks while opening.

        A generation that cannot be opened is tried once; after that only another one, or none being
        served, is a reason to try again.

        Returns:
            Whether another generation serves now. A failure is kept in `state`, never raised.
        """
        with self._refreshing:
            try:
                name = current_name(self.directory)
            except IndexFailure as failure:
                if self._live is not None:
                    self._problem = str(failure)
                    return False
                name = None  # opening it says what is wrong, or finds an earlier generation
            if self._live is not None and name == self._tried:
                if self._problem and name == self._live.index.generation:
                    self._problem = None  # CURRENT was unreadable for a while
                return False
            self._tried = name
            try:
                # What serves is whole: nothing on disk is a better substitute for a damaged generation, and
                # after a rollback the newest of the others is the one that was not wanted.
                index = HybridIndex.open(
                    self.directory, encoder=self._encoder, verify=True, fall_back=self._live is None
                )
            except IndexFailure as failure:
                self._failure, self._problem = failure, str(failure)
                return False
            return self._change_to(index)

    def _change_to(self, index: HybridIndex) -> bool:
        with self._lock:
            before = self._live
            self._problem = index.degraded
            if before is not None and before.index.generation == index.generation:
                index.close()  # a rollback to what serves already
                return False
            self._live = _Opened(index)
        if before is not None:
            self._release(before)
        return True

    @contextmanager
    def snapshot(self) -> Iterator[IndexRetriever]:
        """One generation, open until the block ends.

        Raises:
            IndexUnavailable: If none is open; carries the indexer's own cure.
        """
        opened = self._take()
        try:
            yield IndexRetriever(opened.index)
        finally:
            self._release(opened)

    @contextmanager
    def index(self) -> Iterator[HybridIndex]:
        """The open index itself, for searches that a `Retriever` has no words for (modes)."""
        opened = self._take()
        try:
            yield opened.index
        finally:
            self._release(opened)

    def terms(self, text: str) -> Sequence[str]:
        """The terms the live index would look for."""
        with self.index() as index:
            return index.analyzer.terms(text)

    def close(self) -> None:
        """Stop serving; the index closes after its last user."""
        with self._lock:
            live, self._live = self._live, None
        if live:
            self._release(live)

    def _take(self) -> _Opened:
        with self._lock:
            if self._live is None:
                raise index_unavailable(self._failure)
            self._live.users += 1
            return self._live

    def _release(self, opened: _Opened) -> None:
        with self._lock:
            opened.users -= 1
            last = opened.users == 0
        if last:
            opened.index.close()


def opened(directory: Path, *, encoder: Encoder | None = None) -> LiveIndex:
    """A live index that is open, for a single question.

    Raises:
        IndexUnavailable: If it cannot be opened.
    """
    live = LiveIndex(directory, encoder=encoder)
    live.refresh()
    with live.snapshot():
        return live
