"""Splitting: a document into passages, along its headings and sentences, with exact offsets.

A passage never crosses a heading and never ends inside a sentence, unless that sentence alone is
longer than a passage may be. A sentence that limits the one before it (ただし…, なお…, …を除く。) stays in
its passage, and a table that is cut lends its header row to the heading path of the later passages: text
stays what the document has at ``start:end``. A section that needs several passages is cut into parts of
about equal width, so that no passage is a leftover of one short sentence.
"""

import math
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator

from corpora.documents import Document, Passage, Section, touching
from corpora.sentences import sentences
from corpora.settings import SplitSettings

_SOFT_CUT = re.compile(r"[、，；;,\s\u3000]")
_EXCEPTION = re.compile(
    r"[-*・•\s\u3000]*[（(〔［※注]*[0-9０-９]?[)）]?\s*"
    r"(?:ただし|但し|なお、|もっとも、|ただ、|この限りで|However|Except|Unless|Note that)"
    r"|.{0,120}(?:除く|除きます|除外する|この限りで(?:は)?ない|この限りで(?:は)?ありません)[)）」]?[。．]?\s*$"
)
"""A sentence that says when the rule of the one before does not hold."""
_OPENS_A_LIST = re.compile(r".*[:：]$|.*(?:次の|以下の)[^。]{0,40}[。．]$", re.DOTALL)
"""A sentence whose sense is in the items that follow."""
_TABLE_RULE = re.compile(r"^[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$", re.MULTILINE)
_Span = tuple[int, int]
_Region = tuple[_Span, tuple[str, ...], str | None]
"""A stretch of text between headings, the path down to it, and its section type."""


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
    text = document.text
    headers = _table_headers(text)
    cuts = [
        (span, path + _header_above(headers, span[0]), section_type)
        for (start, end), path, section_type in _regions(document)
        for span in _pack(text, start, end, settings.max_width)
    ]
    if not cuts:
        stripped = text.strip()
        start = text.index(stripped)
        cuts = [((start, start + len(stripped)), (document.title,) if document.title else (), None)]
    single = len(cuts) == 1
    return [
        Passage(
            passage_id=document.doc_id if single else f"{document.doc_id}~{number}",
            doc_id=document.doc_id,
            text=text[start:end],
            start=start,
            end=end,
            headings=path,
            section_type=section_type,
            locators=touching(document.locators, start, end),
        )
        for number, ((start, end), path, section_type) in enumerate(cuts, start=1)
    ]


def _regions(document: Document) -> Iterator[_Region]:
    root = (document.title,) if document.title else ()
    first = document.sections[0].start if document.sections else len(document.text)
    yield (0, first), root, None
    for section in document.sections:
        yield from _section_regions(section, root, None)


def _section_regions(section: Section, above: tuple[str, ...], section_type: str | None) -> Iterator[_Region]:
    repeats_title = len(above) == 1 and section.heading == above[0]
    path = above if repeats_title or not section.heading else (*above, section.heading)
    section_type = section.section_type or section_type
    end = section.sections[0].start if section.sections else section.end
    yield (section.body, end), path, section_type
    for child in section.sections:
        yield from _section_regions(child, path, section_type)


def _table_headers(text: str) -> list[tuple[int, int, str]]:
    """Of each table with a header: first character below the rule line, end of the table, header row."""
    headers = []
    for rule in _TABLE_RULE.finditer(text):
        top = text.rfind("\n", 0, max(rule.start() - 1, 0)) + 1
        row = text[top : max(rule.start() - 1, 0)].strip()
        if not row.startswith("|"):
            continue
        end = rule.end()
        while end + 1 < len(text) and text[end + 1] == "|":
            following = text.find("\n", end + 1)
            end = following if following >= 0 else len(text)
        headers.append((rule.end(), end, row))
    return headers


def _header_above(headers: list[tuple[int, int, str]], start: int) -> tuple[str, ...]:
    """The header row of the table that a passage beginning at ``start`` begins inside, below its header."""
    at = bisect_right(headers, start, key=lambda header: header[0]) - 1
    return (headers[at][2],) if at >= 0 and start < headers[at][1] else ()


def _pack(text: str, start: int, end: int, max_width: float) -> list[_Span]:
    """Group the sentences of one region into spans of at most ``max_width``, evenly filled."""
    units = [
        part
        for first, last in sentences(text[start:end])
        for part in _within(text, start + first, start + last, max_width)
    ]
    units = _bound(text, start, units, max_width)
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


def _bound(text: str, floor: int, units: list[_Span], max_width: float) -> list[_Span]:
    """Join a rule with its exception, and a lead-in with its first item, where both fit a passage."""
    bound: list[_Span] = []
    for start, end in units:
        if bound:
            first, last = bound[-1]
            belongs = _EXCEPTION.match(text, start, end) or _OPENS_A_LIST.match(text, first, last)
            begin = _line_marker_start(text, bound[-2][1] if len(bound) > 1 else floor, first)
            if belongs and width(text[begin:end]) <= max_width:
                bound[-1] = (first, end)
                continue
        bound.append((start, end))
    return bound


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
