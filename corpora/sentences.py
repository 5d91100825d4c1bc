"""Japanese and English sentence boundaries, as character spans.

A sentence is what is quoted as evidence, so a boundary must neither cut 「…。」 in two nor a number
(2.5 mg) nor an abbreviation (e.g.). List items, table rows and headings end at their line's end.
"""

import re

_FULL_STOP = "。．！？!?"
_OPEN = "「『（(［[【〔“"
_CLOSE = "」』）)］]】〕”"
_MARKER = re.compile(
    r"[ \t\u3000]*(?:>[ \t]?)*(?:(?:[-*+•・‣◦]|\d{1,3}[.)])[ \t\u3000]+|#{1,6}[ \t]+|(?=\|))"
)
"""What opens a line that is a unit of its own: list item, heading, table row."""
_NOT_TEXT = re.compile(r"[\s|:\-=*_~`#>]*")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|etc|et al|Dr|Mr|Mrs|Ms|Prof|Figs?|Nos?|St|approx|ca|spp?|var|resp)|\b[A-Z])$"
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences of ``text``, in order.

    Spans hold no surrounding white space and no list or heading marker; they never overlap, and what
    lies between them is white space, markers and table rules only.
    """
    spans: list[tuple[int, int]] = []
    for start, end in _blocks(text):
        spans.extend(_split_block(text, start, end))
    return spans


def _blocks(text: str) -> list[tuple[int, int]]:
    """Paragraphs (ended by an empty line) and, one by one, the lines that open with a marker."""
    blocks: list[tuple[int, int]] = []
    begin: int | None = None
    single = False
    position = 0

    def close(at: int) -> None:
        nonlocal begin
        if begin is not None and begin < at:
            blocks.append((begin, at))
        begin = None

    for line in text.splitlines(keepends=True) if text else []:
        stripped = line.rstrip("\n")
        marker = _MARKER.match(stripped)
        if not stripped.strip():
            close(position)
        elif marker:
            close(position)
            begin = position + marker.end()
            single = stripped.lstrip().startswith(("|", "#"))
            if single:
                close(position + len(stripped))
        elif begin is None:
            begin = position
        position += len(line)
    close(position)
    return blocks


def _split_block(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut one block at its full stops; brackets protect theirs, unless the block never closes them."""
    if _NOT_TEXT.fullmatch(text, start, end):
        return []
    if text[start] == "|":
        return _trimmed(text, [(start, end)])
    protect = _balanced(text, start, end)
    cuts: list[tuple[int, int]] = []
    begin = start
    depth = 0
    at = start
    while at < end:
        character = text[at]
        if protect and character in _OPEN:
            depth += 1
        elif protect and character in _CLOSE:
            depth -= 1
        at += 1
        if depth > 0 or not _stops(text, at - 1, begin, end):
            continue
        while at < end and (text[at] in _FULL_STOP or text[at] in _CLOSE):
            if protect and text[at] in _CLOSE:
                depth -= 1
            at += 1
        cuts.append((begin, at))
        begin = at
    cuts.append((begin, end))
    return _trimmed(text, cuts)


def _stops(text: str, at: int, begin: int, end: int) -> bool:
    """Whether the character at ``at`` ends a sentence of the block that ends at ``end``."""
    character = text[at]
    following = text[at + 1] if at + 1 < end else ""
    if character in "。！？":
        return True
    if character == "．":  # also the decimal point of full-width numbers: ２．５
        return not following.isdigit()
    if character in "!?":
        return not following or following.isspace() or not following.isascii()
    if character == ".":
        if following and not (following.isspace() or following in _CLOSE or following == '"'):
            return False
        return not _ABBREVIATION.search(text, max(begin, at - 12), at)
    return False


def _balanced(text: str, start: int, end: int) -> bool:
    depth = 0
    for character in text[start:end]:
        depth += (character in _OPEN) - (character in _CLOSE)
        if depth < 0:
            return False
    return depth == 0


def _trimmed(text: str, cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    spans = []
    for start, end in cuts:
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start < end and not _NOT_TEXT.fullmatch(text, start, end):
            spans.append((start, end))
    return spans
