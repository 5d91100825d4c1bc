"""A query as the word fields see it: its terms, and more lightly those of its synonyms."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from indexer.analyzer import Analyzer
from indexer.folding import fold
from indexer.lexical import LexicalEngine, Query
from indexer.synonyms import Expansion, Synonyms

_JAPANESE = re.compile("[ぁ-ゖァ-ヺｦ-ﾝ々一-鿿]")


def has_japanese(query: str) -> bool:
    """Whether kana or kanji stand in it."""
    return _JAPANESE.search(query) is not None


@dataclass(frozen=True, slots=True)
class FieldQuery:
    """What one word field is asked.

    Attributes:
        own: The query's own terms, in order.
        weighted: Those and the synonyms' terms, each with its weight.
        bound: What no passage scores more than with ``own`` alone; a score divided by it is the share of
            the query's information that the passage holds, the same scale for every query and corpus.
    """

    own: Sequence[str]
    weighted: Query
    bound: float


def expand(query: str, analyzer: Analyzer, synonyms: Synonyms) -> list[Expansion]:
    """What the query names that has other names, and these."""
    if not synonyms.groups:
        return []
    folded = fold(query)
    return synonyms.expansions(folded, analyzer.boundaries(folded))


def field_query(
    query: str,
    expansions: Sequence[Expansion],
    weight: float,
    field: LexicalEngine,
    terms_of: Callable[[str], list[str]],
) -> FieldQuery:
    """Ask one field.

    A passage that holds all terms of a synonym gains ``weight`` times what the term it stands for is worth
    at most, however long or rare the synonym is.
    """
    own = terms_of(query)
    weighted: defaultdict[str, float] = defaultdict(float, Counter(own))
    for expansion in expansions:
        worth = field.bound(terms_of(expansion.found))
        for other in expansion.others:
            terms = terms_of(other)
            bound = field.bound(terms)
            if worth > 0 and bound > 0:
                for term in terms:
                    weighted[term] += weight * worth / bound
    return FieldQuery(own, weighted, field.bound(own))
