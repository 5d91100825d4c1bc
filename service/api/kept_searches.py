"""The replies to the last searches: one generation finds the same for the same query. In memory alone."""

from collections import OrderedDict
from dataclasses import dataclass

from service.live_index import IndexState

MOST_KEPT = 256
MOST_BYTES = 131_072
"""Of one reply that is kept: 32 MB for all of them at most, some 2 MB as replies are."""


@dataclass(frozen=True)
class Kept:
    """A reply, and what the audit log and the ETag need of it."""

    query: str
    generation: str | None
    body: bytes


class KeptSearches:
    """The replies to the last searches, of the index as it is served now. For the event loop alone."""

    def __init__(self) -> None:
        self._of: IndexState | None = None
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()

    def find(self, served: IndexState, query_string: bytes) -> Kept | None:
        """The reply to this query string, if it is kept."""
        found = self._kept.get(query_string) if self._of == served else None
        if found is not None:
            self._kept.move_to_end(query_string)
        return found

    def keep(self, served: IndexState, query_string: bytes, reply: Kept) -> None:
        """Keep what was found while ``served`` was served before and after the search."""
        if reply.generation != served.generation or len(reply.body) > MOST_BYTES:
            return
        if self._of != served:
            self._kept.clear()
            self._of = served
        self._kept[query_string] = reply
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
