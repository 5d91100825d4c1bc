"""Synonyms: other words for what a query says, from tables with provenance, added with less weight.

A table is UTF-8 TSV with the columns group, term, kind, provenance: the terms of one group mean the same.
A site's own tables are read after the shipped one and add to its groups. The query alone is expanded, so a
change of a table needs no new index; which tables were used, the manifest tells by their sha256.

A term is found in the folded query. Where it is short or in hiragana it must begin and end where words do
(がん in がんばる is none); a long one may lie inside a compound. The longest wins, and matches never overlap.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from indexer.errors import InvalidTable
from indexer.folding import fold

SHIPPED = Path(__file__).parent / "data" / "synonyms.tsv"
COLUMNS = ("group", "term", "kind", "provenance")

_LOOSE_LENGTH = 4
"""Characters from which a term may lie inside a word."""

_HIRAGANA = re.compile("[ぁ-ゖー]+")


class Expansion(NamedTuple):
    """One term of a query and what else it is called.

    Attributes:
        found: The term as the folded query has it.
        others: The other terms of its groups, as the tables write them.
    """

    found: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Synonyms:
    """Groups of terms by folded spelling."""

    groups: Mapping[str, tuple[str, ...]]
    """Of each group its terms, as written, in the tables' order."""

    identity: str = ""
    """sha256 over the tables' bytes, in order."""

    @classmethod
    def load(cls, tables: Sequence[Path]) -> "Synonyms":
        """Read tables, later ones adding to the groups of earlier ones.

        Raises:
            InvalidTable: Naming the file and line that is malformed.
        """
        groups: dict[str, dict[str, None]] = {}
        digest = sha256()
        for table in tables:
            try:
                data = table.read_bytes()
                text = data.decode("utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise InvalidTable(table, 0, str(error)) from error
            digest.update(sha256(data).digest())
            for group, term in _rows(table, text):
                groups.setdefault(group, {})[term] = None
        return cls({group: tuple(terms) for group, terms in groups.items()}, digest.hexdigest())

    def expansions(self, folded: str, boundaries: frozenset[int]) -> list[Expansion]:
        """What a query names and how else it is called, in the query's order.

        Args:
            folded: The folded query.
            boundaries: Where its words begin and end, as offsets into ``folded``.
        """
        found: list[Expansion] = []
        position = 0
        while position < len(folded):
            term = self._longest(folded, position, boundaries)
            if term is None:
                position += 1
                continue
            others = dict.fromkeys(
                other for group in self._by_term[term] for other in self.groups[group] if fold(other) != term
            )
            if others:
                found.append(Expansion(term, tuple(others)))
            position += len(term)
        return found

    def _longest(self, folded: str, start: int, boundaries: frozenset[int]) -> str | None:
        for length in self._lengths.get(folded[start], ()):
            term = folded[start : start + length]
            if (
                len(term) == length
                and term in self._by_term
                and _stands_free(folded, start, start + length, boundaries)
            ):
                return term
        return None

    @cached_property
    def _by_term(self) -> dict[str, list[str]]:
        by_term: dict[str, list[str]] = {}
        for group, terms in self.groups.items():
            for term in dict.fromkeys(map(fold, terms)):
                by_term.setdefault(term, []).append(group)
        return by_term

    @cached_property
    def _lengths(self) -> dict[str, list[int]]:
        """Of each first character the lengths of the terms that begin with it, longest first."""
        lengths: dict[str, set[int]] = {}
        for term in self._by_term:
            lengths.setdefault(term[0], set()).add(len(term))
        return {first: sorted(sizes, reverse=True) for first, sizes in lengths.items()}


def _stands_free(folded: str, start: int, end: int, boundaries: frozenset[int]) -> bool:
    for edge, inside, outside in ((start, start, start - 1), (end, end - 1, end)):
        if 0 <= outside < len(folded) and _latin(folded[inside]) and _latin(folded[outside]):
            return False
        loose = end - start >= _LOOSE_LENGTH and not _HIRAGANA.fullmatch(folded[start:end])
        if not loose and edge not in boundaries and not _latin(folded[inside]):
            return False
    return True


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _rows(table: Path, text: str) -> Iterable[tuple[str, str]]:
    lines = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    for number, row in enumerate(lines, start=1):
        if number == 1:
            if tuple(row) != COLUMNS:
                raise InvalidTable(table, 1, f"the columns must be {', '.join(COLUMNS)}")
            continue
        if not row or row[0].startswith("#"):
            continue
        if len(row) != len(COLUMNS) or not all(cell.strip() for cell in row):
            raise InvalidTable(table, number, f"{len(COLUMNS)} filled columns are needed")
        if not fold(row[1]):
            raise InvalidTable(table, number, f"the term {row[1]!r} holds nothing to search for")
        yield row[0].strip(), row[1].strip()
