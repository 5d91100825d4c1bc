"""Split an answer into claims, and compare each with the passages it cites.

A claim that stands word for word, as whole sentences of a cited passage, is verified by that. Any other is
compared with the span that says most of it (`service.checking`). A part of a sentence is no match by itself:
「投与する」 stands inside 「投与するべきではない」.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from corpora import sentences
from service.answers import Citation, Claim, ClaimStatus, Evidence, Mismatch, Step
from service.checking import ASPECTS, best_support, level
from service.markers import MARKER, keys_in, without_markers

_HEADING = re.compile(r"[ \t]*#{1,6}[ \t]")
_LEADING_MARKERS = re.compile(rf"(?:[ \t]*{MARKER.pattern})+")
_FULL_STOPS = "。．.！？!?"


class _Span(NamedTuple):
    start: int
    end: int


def check(text: str, evidence: Mapping[str, Evidence]) -> tuple[tuple[Claim, ...], tuple[Citation, ...]]:
    """The claims of a text that has passed `service.markers`, and what they cite.

    Args:
        evidence: By key; every key of the text is in it.
    """
    claims: list[Claim] = []
    citations: list[Citation] = []
    for start, end in _claim_spans(text):
        sentence = text[start:end]
        keys = keys_in(sentence)
        found = [_citation(evidence[key], without_markers(sentence)) for key in keys]
        citations.extend(found)
        deciding = _deciding(found)
        claims.append(
            Claim(
                text=sentence,
                start=start,
                end=end,
                citations=keys,
                status=deciding.status if deciding else "unverified",
                mismatches=deciding.mismatches if deciding else (),
            )
        )
    return tuple(claims), tuple(citations)


def verified_share(claims: Sequence[Claim]) -> float | None:
    """The share of the claims that are verified, 0 to 1; ``None`` where there are none."""
    return sum(claim.status == "verified" for claim in claims) / len(claims) if claims else None


_RANK: tuple[ClaimStatus, ...] = ("verified", "contradicted", "unverified")


def _deciding(citations: Sequence[Citation]) -> Citation | None:
    """One source that agrees is enough; else one that says otherwise is heard before one that is silent.

    Among equals: one with a quotation, then the one with the fewest differences, then the first cited.
    """
    return min(
        citations,
        key=lambda found: (_RANK.index(found.status), found.quote is None, len(found.mismatches)),
        default=None,
    )


def all_citations(
    answer: Iterable[Citation], steps: Sequence[Step], evidence: Mapping[str, Evidence]
) -> tuple[Citation, ...]:
    """Every citation of the steps' conclusions and the answer: one for each key, quoted span and outcome.

    A key that is cited with a quote is not listed without one as well. Order: key number, then span.
    """
    merged: dict[tuple[str, int | None, int | None, ClaimStatus, tuple[Mismatch, ...]], Citation] = {}
    for number, citation in [
        *((step.number, found) for step in steps for found in check(step.conclusion or "", evidence)[1]),
        *((None, found) for found in answer),
    ]:
        place = (citation.key, citation.start, citation.end, citation.status, citation.mismatches)
        before = merged.get(place, citation)
        numbers = {*before.steps, *(() if number is None else (number,))}
        merged[place] = before.model_copy(update={"steps": tuple(sorted(numbers))})
    quoted = {citation.key for citation in merged.values() if citation.quote is not None}
    kept = [found for found in merged.values() if found.quote is not None or found.key not in quoted]
    return tuple(sorted(kept, key=lambda found: (int(found.key[1:]), found.start or 0, found.end or 0)))


def _claim_spans(text: str) -> list[_Span]:
    """Sentences, each with the markers that follow its full stop; headings are no claims."""
    spans: list[_Span] = []
    for start, end in sentences(text):
        leading = _LEADING_MARKERS.match(text, start, end)
        # A marker that opens a new line belongs to what follows, unless nothing does.
        belongs_before = (
            spans and leading and (leading.end() == end or "\n" not in text[spans[-1].end : start])
        )
        if leading and belongs_before:
            spans[-1] = _Span(spans[-1].start, leading.end())
            start = leading.end()
            while start < end and text[start].isspace():
                start += 1
        line_start = text.rfind("\n", 0, start) + 1
        if start >= end or _HEADING.match(text, line_start, end) or not without_markers(text[start:end]):
            continue
        spans.append(_Span(start, end))
    return spans


def _citation(evidence: Evidence, sentence: str) -> Citation:
    plain = Citation(
        key=evidence.key,
        passage_id=evidence.passage_id,
        doc_id=evidence.doc_id,
        title=evidence.title,
        href=passage_href(evidence.passage_id),
    )
    literal = find_sentence(sentence, evidence.text)
    if literal:
        quote = evidence.text[literal.start : literal.end]
        return plain.model_copy(
            update={
                "quote": quote,
                "start": literal.start,
                "end": literal.end,
                "status": "verified",
                "compared": ("wording",),
            }
        )
    support = best_support(sentence, evidence.text, (evidence.title, *evidence.headings))
    if not support:
        return plain
    found = support.comparison
    return plain.model_copy(
        update={
            "quote": evidence.text[support.start : support.end],
            "start": support.start,
            "end": support.end,
            "status": found.verdict,
            "compared": ASPECTS,
            "mismatches": tuple(
                Mismatch(
                    aspect=each.aspect,
                    claim=each.claim,
                    passage=each.passage,
                    contradicts=each.contradicts,
                )
                for each in found.differences
            ),
        }
    )


def passage_href(passage_id: str) -> str:
    """Where the API serves the passage. A document's own id may hold ``#`` or ``?``."""
    return f"/api/v1/passages/{quote(passage_id, safe='')}"


def find_sentence(sentence: str, passage: str) -> _Span | None:
    """Where the sentence stands in the passage, as one or several whole sentences in a row.

    Compared in NFC, white space and widths levelled, and a missing full stop at the end forgiven; ⁴, ² and ½
    are never levelled. The span is in the passage's own characters.
    """
    wanted = level(sentence)
    if not wanted.strip(_FULL_STOPS):
        return None
    spans = sentences(passage)
    for first in range(len(spans)):
        for last in range(first, len(spans)):
            start, end = spans[first][0], spans[last][1]
            have = level(passage[start:end])
            if have == wanted or have.rstrip(_FULL_STOPS) == wanted:
                return _Span(start, end)
            if len(have) > len(wanted) + 4:
                break
    return None
