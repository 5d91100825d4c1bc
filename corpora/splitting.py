"""Splitting: a document into passages, along its headings and sentences, with exact offsets.

A passage never crosses a heading and never ends inside a sentence, unless that sentence alone is
longer than a passage may be. A section that needs several passages is cut into parts of about equal
width, so that no passage is a leftover of one short sentence.
"""

import math
import re
import unicodedata
from collections.abc import Iterator

from corpora.documents import Document, Passage, Section
from corpora.sentences import sentences
from corpora.settings import SplitSettings

_SOFT_CUT = re.compile(r"[、，；;,\s\u3000]")
_Span = tuple[int, int]


def width(text: str) -> float:
    """Length in full-width characters: an ASCII character counts a third, any other a whole.

    That is how multilingual-e5's tokens go: about 1.6 Japanese but 4.5 English characters each.
    """
    return len(text) - len(text.encode("ascii", "ignore")) * 2 / 3


def split(document: Document, settings: SplitSettings | None = None) -> list[Passage]:
    """Cut a document into passages, in text order.

    Returns:
        Passages whose ``text`` is ``document.text[start:end]``. What no passage holds is white space,
        heading lines (they are in ``headings``) and rules without a letter or digit. A document without
        any sentence (a lone heading) is one passage of its whole text.
    """
    settings = settings or SplitSettings()
    cuts = [
        (span, path)
        for (start, end), path in _regions(document)
        for span in _pack(document.text, start, end, settings.max_width)
    ]
    if not cuts:
        stripped = document.text.strip()
        start = document.text.index(stripped)
        cuts = [((start, start + len(stripped)), (document.title,) if document.title else ())]
    single = len(cuts) == 1
    return [
        Passage(
            passage_id=document.doc_id if single else f"{document.doc_id}~{number}",
            doc_id=document.doc_id,
            text=document.text[start:end],
            start=start,
            end=end,
            headings=path,
        )
        for number, ((start, end), path) in enumerate(cuts, start=1)
    ]


def _regions(document: Document) -> Iterator[tuple[_Span, tuple[str, ...]]]:
    """The stretches of text between headings, each with the path down to it."""
    root = (document.title,) if document.title else ()
    first = document.sections[0].start if document.sections else len(document.text)
    yield (0, first), root
    for section in document.sections:
        yield from _section_regions(section, root)


def _section_regions(section: Section, above: tuple[str, ...]) -> Iterator[tuple[_Span, tuple[str, ...]]]:
    repeats_title = len(above) == 1 and section.heading == above[0]
    path = above if repeats_title or not section.heading else (*above, section.heading)
    yield (section.body, section.sections[0].start if section.sections else section.end), path
    for child in section.sections:
        yield from _section_regions(child, path)


def _pack(text: str, start: int, end: int, max_width: float) -> list[_Span]:
    """Group the sentences of one region into spans of at most ``max_width``, evenly filled."""
    units = [
        part
        for first, last in sentences(text[start:end])
        for part in _within(text, start + first, start + last, max_width)
    ]
    if not units:
        return []
    end_of_units = units[-1][1]
    spans: list[_Span] = []
    begin = last_end = _line_marker_start(text, start, units[0][0])
    target = _even_share(width(text[begin:end_of_units]), max_width)
    for unit_start, unit_end in units:
        filled = width(text[begin:last_end])
        grown = width(text[begin:unit_end])
        past_target = grown > target and grown - target > target - filled
        if last_end > begin and (grown > max_width or past_target):
            spans.append((begin, last_end))
            begin = _line_marker_start(text, last_end, unit_start)
            target = _even_share(width(text[begin:end_of_units]), max_width)
        last_end = unit_end
    spans.append((begin, last_end))
    return spans


def _even_share(total: float, max_width: float) -> float:
    """The width of each part when ``total`` is cut into as few equal parts as fit."""
    return total / max(1, math.ceil(total / max_width))


def _line_marker_start(text: str, floor: int, at: int) -> int:
    """Start of the list marker before ``at`` on the same line, or ``at`` where there is none."""
    line = max(text.rfind("\n", floor, at) + 1, floor)
    while line < at and text[line].isspace():
        line += 1
    return line


def _within(text: str, start: int, end: int, max_width: float) -> list[_Span]:
    """Cut one over-long sentence at commas or spaces, else between characters that may part."""
    parts: list[_Span] = []
    while width(text[start:end]) > max_width:
        limit = start + 1
        used = width(text[start])
        while limit < end and used + width(text[limit]) <= max_width:
            used += width(text[limit])
            limit += 1
        soft = [match.end() for match in _SOFT_CUT.finditer(text, start + (limit - start) // 2, limit)]
        cut = soft[-1] if soft else limit
        while not soft and cut > start + 1 and _joins(text, cut):
            cut -= 1
        parts.append((start, start + len(text[start:cut].rstrip())))
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        parts.append((start, end))
    return [(first, last) for first, last in parts if first < last]


def _joins(text: str, at: int) -> bool:
    """Whether the character at ``at`` belongs to the one before it: mark, selector, joiner, digit run."""
    before, after = text[at - 1], text[at]
    return (
        unicodedata.category(after).startswith("M")
        or "\u200d" in (before, after)
        or (before.isascii() and after.isascii() and before.isalnum() and after.isalnum())
        or (before.isdigit() and after.isdigit())
    )
