"""What a search takes and what it returns."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from corpora import Frozen

Mode = Literal["hybrid", "lexical", "bigram", "dense"]
MODES: tuple[Mode, ...] = ("hybrid", "lexical", "bigram", "dense")
"""``hybrid`` is what serves; the others are its arms by themselves, plain, without synonyms."""

Arm = Literal["lexical", "bigram", "dense"]


class Hit(NamedTuple):
    """One found passage. A *ranking* is a list of them, best first, equal scores in passage-id order."""

    passage_id: str
    score: float


class Filters(Frozen):
    """Which passages may be found. ``None`` lets all pass, an empty tuple none; both must hold.

    Attributes:
        doc_ids: Of these documents.
        sources: Of documents whose ``source`` is one of these.
    """

    doc_ids: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ArmRanking:
    """What one arm found on its own, down to the depth that was fused."""

    name: Arm
    hits: tuple[Hit, ...]


class MatchedTerms(Mapping[str, tuple[str, ...]]):
    """By passage id the query's terms it holds; looked up when asked for, since most callers never ask."""

    def __init__(self, passage_ids: Iterable[str], lookup: Callable[[str], tuple[str, ...]]) -> None:
        self._passage_ids = dict.fromkeys(passage_ids)
        self._lookup = lookup

    def __getitem__(self, passage_id: str) -> tuple[str, ...]:
        if passage_id not in self._passage_ids:
            raise KeyError(passage_id)
        return self._lookup(passage_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._passage_ids)

    def __len__(self) -> int:
        return len(self._passage_ids)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to one query.

    Attributes:
        hits: The ranking, at most ``k``. Scores compare within one mode only.
        arms: The rankings it was fused from; one in every other mode than ``hybrid``.
        matched_terms: For each hit the query's terms it holds, in the query's order (folded, lemmas).
        expansions: Terms the search added to the query ("searched also: …"), as the tables write them.
    """

    query: str
    mode: Mode
    hits: tuple[Hit, ...]
    arms: tuple[ArmRanking, ...]
    matched_terms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    expansions: tuple[str, ...] = ()
