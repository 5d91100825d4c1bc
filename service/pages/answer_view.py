"""An answer as it is shown: sentences with numbered, lettered citations, and the references they point to."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote

from service.answers import Answer, Citation, Claim, ClaimStatus, Evidence, Mismatch
from service.claims import check
from service.markers import without_markers


@dataclass(frozen=True)
class Mark:
    """One citation in the text: its number, how it compares, and where the passage opens.

    Attributes:
        address: The reader's page, with the quoted span, if one was found.
    """

    number: int
    status: ClaimStatus
    address: str
    title: str


@dataclass(frozen=True)
class Piece:
    """A run of the answer's text: a claim with its marks, or what stands between two claims."""

    text: str
    status: ClaimStatus | None = None
    marks: tuple[Mark, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()


BlockKind = Literal["heading", "item", "text"]


@dataclass(frozen=True)
class Block:
    """A line of the answer: a heading ("## …"), an item of a list ("- …"), or text."""

    kind: BlockKind
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Reference:
    """A cited passage, in the order of first citation."""

    number: int
    evidence: Evidence
    address: str


@dataclass(frozen=True)
class AnswerView:
    """What the template of an answer reads."""

    pieces: tuple[Piece, ...]
    blocks: tuple[Block, ...]
    references: tuple[Reference, ...]
    share: int | None
    """Percent of the claims that are verified."""


def view(answer: Answer) -> AnswerView:
    """The answer's text cut at its claims.

    Which quotation a claim has of a passage is worked out again, by the same check that set its status:
    the answer keeps its citations by passage, not by sentence.
    """
    evidence = {found.key: found for step in answer.steps for found in step.evidence}
    claims, citations = check(answer.text, evidence) if _all_known(answer, evidence) else (answer.claims, ())
    numbers: dict[str, int] = {}
    for claim in claims:
        for key in claim.citations:
            numbers.setdefault(key, len(numbers) + 1)
    pieces = tuple(_pieces(answer.text, claims, list(citations), numbers))
    references = tuple(
        Reference(number, evidence[key], passage_address(evidence[key].passage_id))
        for key, number in numbers.items()
        if key in evidence
    )
    share = answer.verified_share
    return AnswerView(
        pieces, tuple(blocks_of(pieces)), references, None if share is None else round(100 * share)
    )


def _all_known(answer: Answer, evidence: dict[str, Evidence]) -> bool:
    return all(key in evidence for claim in answer.claims for key in claim.citations)


def _pieces(
    text: str, claims: Sequence[Claim], citations: list[Citation], numbers: dict[str, int]
) -> Iterator[Piece]:
    at = 0
    for claim in claims:
        if between := without_markers(text[at : claim.start]):
            yield Piece(between)
        own = [citations.pop(0) for _ in claim.citations] if citations else []
        marks = tuple(
            Mark(numbers[found.key], found.status, citation_address(found), found.title) for found in own
        )
        yield Piece(without_markers(claim.text), claim.status, marks, claim.mismatches)
        at = claim.end
    if rest := without_markers(text[at:]):
        yield Piece(rest)


def blocks_of(pieces: Sequence[Piece]) -> Iterator[Block]:
    """The same pieces line by line; the marks that make a line a heading or an item are left out.

    A claim of several lines keeps its status on each of them, its citations on the last.
    """
    line: list[Piece] = []
    for piece in pieces:
        first, *more = piece.text.split("\n")
        parts = [first, *more]
        for number, text in enumerate(parts):
            if number:
                yield from _block(line)
                line = []
            last = number == len(parts) - 1
            if text.strip() or (last and piece.marks):
                line.append(
                    replace(piece, text=text) if last else replace(piece, text=text, marks=(), mismatches=())
                )
    yield from _block(line)


_LINE_MARK = re.compile(r"\s*(?:(?P<heading>#{1,6}\s)|(?P<item>[-*]\s|[・•]))\s*")


def _block(line: Sequence[Piece]) -> Iterator[Block]:
    if not line:
        return
    mark = _LINE_MARK.match(line[0].text)
    if mark is None:
        yield Block("text", tuple(line))
        return
    kept = replace(line[0], text=line[0].text[mark.end() :])
    rest = tuple(piece for piece in (kept, *line[1:]) if piece.text.strip() or piece.marks)
    if rest:
        yield Block("heading" if mark["heading"] else "item", rest)


def citation_address(citation: Citation) -> str:
    """Where the reader sees the quoted span."""
    address = passage_address(citation.passage_id)
    if citation.start is None or citation.end is None:
        return f"{address}?quoted=none"
    return f"{address}?start={citation.start}&end={citation.end}#quote"


def passage_address(passage_id: str) -> str:
    """The page of a passage."""
    return f"/passages/{quote(passage_id, safe='')}"


def with_references(answer: Answer, notices: Sequence[str]) -> str:
    """Plain text for the clipboard: the answer with [1] marks, its references, its notices."""
    shown = view(answer)
    body = "".join(piece.text + "".join(f"[{mark.number}]" for mark in piece.marks) for piece in shown.pieces)
    lines = [body.strip(), ""]
    for reference in shown.references:
        found = reference.evidence
        about = [found.title, *found.headings[1:], found.edition, found.source]
        lines.append(f"[{reference.number}] " + " / ".join(part for part in about if part))
    lines += [f"※ {notice}" for notice in notices]
    return "\n".join(lines)
