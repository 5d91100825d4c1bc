"""What a search takes and what it returns."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BeforeValidator, field_validator, model_validator

from corpora import Frozen

Mode = Literal["hybrid", "lexical", "bigram", "dense"]
MODES: tuple[Mode, ...] = ("hybrid", "lexical", "bigram", "dense")
"""``hybrid`` is what serves; the others are its arms by themselves, plain, without synonyms."""

Arm = Literal["lexical", "bigram", "dense"]


class Hit(NamedTuple):
    """One found passage. A *ranking* is a list of them, best first, equal scores in passage-id order."""

    passage_id: str
    score: float


def _day(value: object) -> object:
    """Only a date in the one form; pydantic would also take a number, as seconds since 1970."""
    if value is None or type(value) is date:
        return value
    if isinstance(value, str) and len(value) == len("2026-11-23"):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise ValueError("a date is written 2026-11-23")


Day = Annotated[date, BeforeValidator(_day)]


class Filters(Frozen):
    """Which passages may be found. ``None`` lets all pass, an empty tuple none; all of them must hold.

    A document that another one supersedes is not found unless ``superseded`` asks for it, whatever else
    names it: an outdated dose must not come up unasked.

    Attributes:
        doc_ids: Of these documents.
        sources: Of documents whose ``source`` is one of these.
        licences: Likewise.
        editions: Likewise.
        languages: Likewise, as the documents write them (``ja``).
        tags: Of documents that have at least one of these.
        section_types: Of sections of one of these types (警告, methods).
        paths: Of documents read from one of these files, or from files below one of these folders, as the
            build was given them.
        published_from: Of documents published on this day or later; a document without a date never is.
        published_to: Of documents published on this day or before; likewise.
        unreviewed: ``False``: only of documents that do not say that no clinician reviewed them; ``True``:
            only of those that do.
        superseded: ``exclude``, ``include``, or ``only`` what another document supersedes.
    """

    doc_ids: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    licences: tuple[str, ...] | None = None
    editions: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    section_types: tuple[str, ...] | None = None
    paths: tuple[str, ...] | None = None
    published_from: Day | None = None
    published_to: Day | None = None
    unreviewed: bool | None = None
    superseded: Literal["exclude", "include", "only"] = "exclude"

    @field_validator(
        "doc_ids", "sources", "licences", "editions", "languages", "tags", "section_types", "paths"
    )
    @classmethod
    def _encodable(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """JSON can hold half of a surrogate pair, and no file of an index can."""
        try:
            "".join(names or ()).encode()
        except UnicodeEncodeError:
            raise ValueError("it holds half of a surrogate pair, which is no character") from None
        return names

    @model_validator(mode="after")
    def _leaves_a_day(self) -> Self:
        if self.published_from and self.published_to and self.published_from > self.published_to:
            raise ValueError("published_from is after published_to, so that nothing could pass")
        return self


@dataclass(frozen=True, slots=True)
class ArmRanking:
    """What one arm found on its own, down to the depth that was fused."""

    name: Arm
    hits: tuple[Hit, ...]


class MatchedTerms(Mapping[str, tuple[str, ...]]):
    """By passage id the query's terms it holds; looked up when asked for, since most callers never ask.

    All are looked up with the first: most of it is done once a term.
    """

    def __init__(
        self, passage_ids: Iterable[str], lookup: Callable[[Sequence[str]], list[tuple[str, ...]]]
    ) -> None:
        self._passage_ids = dict.fromkeys(passage_ids)
        self._lookup = lookup
        self._found: dict[str, tuple[str, ...]] | None = None

    def __getitem__(self, passage_id: str) -> tuple[str, ...]:
        if passage_id not in self._passage_ids:
            raise KeyError(passage_id)
        if self._found is None:
            asked = list(self._passage_ids)
            self._found = dict(zip(asked, self._lookup(asked), strict=True))
        return self._found[passage_id]

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
