"""What a strategy may ask of an index: a snapshot of one generation, or nothing at all."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from indexer import MAX_QUERY, Filters, HybridIndex, IndexFailure, StoredPassage, UnknownPassage
from service.errors import IndexUnavailable, UnknownPassageId


class Found(NamedTuple):
    """One hit with its passage.

    Attributes:
        score: The index's fused score.
        searched_also: Synonyms that the query was widened by; the same for all hits of one search.
    """

    passage: StoredPassage
    score: float
    searched_also: tuple[str, ...] = ()


class Retriever(Protocol):
    """A snapshot of one index generation, from an answer's first query to its last citation check.

    Both methods block and may be called from several threads at once.
    """

    @property
    def generation(self) -> str | None:
        """The generation's name; ``None`` where there is no index."""

    def search(self, query: str, k: int, filters: Filters | None = None) -> Sequence[Found]:
        """At most ``k`` passages, best first, equal scores in passage-id order."""

    def passage(self, passage_id: str) -> StoredPassage:
        """The passage.

        Raises:
            UnknownPassageId: If this generation does not hold it.
        """


class NoRetrieval:
    """The closed-book arm: finds nothing, on purpose."""

    generation: str | None = None

    def search(self, query: str, k: int, filters: Filters | None = None) -> Sequence[Found]:
        """No passages."""
        return ()

    def passage(self, passage_id: str) -> StoredPassage:
        """Raises `UnknownPassageId`, always."""
        raise unknown_passage()


class IndexRetriever:
    """One open index. Whoever opened the index closes it, after the last use."""

    def __init__(self, index: HybridIndex) -> None:
        self._index = index

    @property
    def generation(self) -> str | None:
        """The generation's name."""
        return self._index.generation

    def search(self, query: str, k: int, filters: Filters | None = None) -> Sequence[Found]:
        """At most ``k`` passages by the index's fused ranking.

        Of a longer query the first `MAX_QUERY` characters are used.

        Raises:
            IndexUnavailable: If the index, or its encoder, fails meanwhile.
        """
        try:
            result = self._index.search(query[:MAX_QUERY], k=k, filters=filters)
        except IndexFailure as failure:
            raise index_unavailable(failure) from failure
        also = result.expansions
        return [Found(self._index.passage(hit.passage_id), hit.score, also) for hit in result.hits]

    def passage(self, passage_id: str) -> StoredPassage:
        """The passage, or `UnknownPassageId`."""
        try:
            return self._index.passage(passage_id)
        except UnknownPassage:
            raise unknown_passage() from None


class FilteredRetriever:
    """A retriever that finds only what passes ``filters``; passages open by id whatever they are."""

    def __init__(self, retriever: Retriever, filters: Filters) -> None:
        self._retriever = retriever
        self._filters = filters

    @property
    def generation(self) -> str | None:
        """The generation's name."""
        return self._retriever.generation

    def search(self, query: str, k: int, filters: Filters | None = None) -> Sequence[Found]:
        """As the retriever, under its own filters, or under ``filters`` where they are given."""
        return self._retriever.search(query, k, filters or self._filters)

    def passage(self, passage_id: str) -> StoredPassage:
        """As the retriever."""
        return self._retriever.passage(passage_id)


def unknown_passage() -> UnknownPassageId:
    """The error, without the id: ids can be as long as a request line."""
    return UnknownPassageId(
        "その文書片は現在の索引にありません。検索し直すか、番号を確かめてください"
        "(# や ? は %23、%3F と書きます)。",
        "The live index holds no such passage. Search again, or check the id (write # and ? as %23 and %3F).",
    )


def index_unavailable(failure: IndexFailure | None) -> IndexUnavailable:
    """Our error for the indexer's. Its messages are written for users and end with the cure."""
    if failure is None:
        return IndexUnavailable(
            "索引をまだ開いていません。少し待って再度お試しください。", "The index is still being opened."
        )
    return IndexUnavailable(f"索引を利用できません: {failure}", f"The index is not available: {failure}")
