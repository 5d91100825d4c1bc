"""Find the span of a passage that supports a claim best: one sentence, or up to three in a row."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from corpora import sentences
from service.checking.comparing import Comparison, compare
from service.checking.content import coverage, vocabulary
from service.checking.drugs import with_one_name
from service.checking.quantities import quantities
from service.checking.width import level

LONGEST = 3
"""Sentences of one span, at most: a claim that needs more is a summary, and no quotation shows it."""
LEAST = 0.34
"""Share of the claim's words below which a span is no quotation of anything."""
_PER_SENTENCE = 0.12
"""What a further sentence must add to be worth quoting."""
_FIGURES = 0.25
"""Weight of shared figures against shared words, where the claim has figures."""


class Support(NamedTuple):
    """A span of the passage's own characters, ``passage[start:end]``, and how the claim compares with it."""

    start: int
    end: int
    comparison: Comparison


class _Read(NamedTuple):
    words: frozenset[str]
    figures: frozenset[tuple[str, str]]


def best_support(claim: str, passage: str, headings: Sequence[str] = ()) -> Support | None:
    """The span that says most of what the claim says, and the comparison; ``None`` if none says enough.

    The span is chosen by the words and figures it shares, before anything is judged, so that a
    contradiction is never avoided by looking elsewhere. Equal spans: the shorter, then the earlier.
    """
    spans = sentences(passage)
    read = [_read(passage[start:end]) for start, end in spans]
    above = _read("。".join(headings)).words
    ours = with_one_name(level(claim))
    figures = _read(claim).figures
    best: tuple[float, int, int] | None = None
    for first in range(len(spans)):
        words, have = above, frozenset[tuple[str, str]]()
        for last in range(first, min(first + LONGEST, len(spans))):
            words, have = words | read[last].words, have | read[last].figures
            score = coverage(ours, words)
            if figures:
                score = (1 - _FIGURES) * score + _FIGURES * len(figures & have) / len(figures)
            score -= _PER_SENTENCE * (last - first)
            if best is None or score > best[0] + 1e-9:
                best = (score, spans[first][0], spans[last][1])
    if best is None:
        return None
    _, start, end = best
    comparison = compare(claim, passage[start:end], headings)
    return Support(start, end, comparison) if comparison.coverage >= LEAST else None


@lru_cache(maxsize=4096)
def _read(text: str) -> _Read:
    """A sentence's words and figures; claims of one answer are compared with the same few passages."""
    plain = with_one_name(level(text))
    figures = frozenset((figure.value, figure.unit) for figure in quantities(plain))
    return _Read(vocabulary((plain,)), figures)
