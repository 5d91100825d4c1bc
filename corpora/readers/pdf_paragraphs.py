"""From lines in reading order to paragraphs, headings, items and tables."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from corpora.composing import Box
from corpora.readers.pdf_layout import Line

_ITEM = re.compile(r"(?P<marker>[•・‣◦●○■□※\-–]|[（(]?\d{1,2}[)）.．]|[①-⑳])[ \u3000]*(?=\S)(?!\d)")
_BULLETS = frozenset("•・‣◦●○■□-–")
_CHAPTER = re.compile(r"第[0-9０-９一二三四五六七八九十]+[章編部節条項][ \u3000]*\S")
_ENDED = tuple("。．.！？!?」』)）】:：;；")
_HEADING_LENGTH = 80


@dataclass
class Piece:
    """The part of a paragraph that stands in one block of one page."""

    text: str
    page: int
    box: Box


@dataclass
class Paragraph:
    """``level`` is 0 for text; ``rows`` are the cells of a table."""

    pieces: list[Piece]
    size: float
    level: int = 0
    marker: str = ""
    rows: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


def paragraphs(pages: Sequence[Sequence[Sequence[Line]]]) -> Iterator[Paragraph]:
    """The paragraphs of a document, given the blocks of its pages.

    A paragraph goes on over columns and pages where its last line does not end a sentence.
    """
    sizes: Counter[float] = Counter()
    for blocks in pages:
        for block in blocks:
            for line in block:
                sizes[_rounded(line.size)] += len(line.text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = sorted((size for size in sizes if size >= 1.15 * body), reverse=True)
    pending: Paragraph | None = None
    for number, blocks in enumerate(pages, start=1):
        for block in blocks:
            for paragraph in _of_block(block, number):
                if pending and _goes_on(pending, paragraph):
                    pending.pieces[-1].text += _glue(pending.text, paragraph.text)
                    pending.pieces.extend(paragraph.pieces)
                    continue
                if pending:
                    yield _with_level(pending, larger)
                pending = paragraph
    if pending:
        yield _with_level(pending, larger)


def _with_level(paragraph: Paragraph, larger: Sequence[float]) -> Paragraph:
    size = _rounded(paragraph.size)
    short = (
        len(paragraph.text) <= _HEADING_LENGTH and not paragraph.text.endswith("。") and not paragraph.rows
    )
    if short and size in larger:
        paragraph.level = min(larger.index(size) + 1, 4)
    elif short and _CHAPTER.match(paragraph.text) and not paragraph.text.endswith(_ENDED):
        paragraph.level = min(len(larger) + 1, 5)
    return paragraph


def _of_block(block: Sequence[Line], page: int) -> Iterator[Paragraph]:
    left, right = min(line.left for line in block), max(line.right for line in block)
    pitches = sorted(above.base - below.base for above, below in itertools.pairwise(block))
    pitch = pitches[len(pitches) // 2] if pitches else 0.0
    at = 0
    while at < len(block):
        rows = at
        while rows < len(block) and block[rows].cells and len(block[rows].cells) == len(block[at].cells):
            rows += 1
        if rows - at >= 2:
            box = _box(block[at:rows])
            yield Paragraph(
                [Piece("", page, box)], block[at].size, rows=[line.cells for line in block[at:rows]]
            )
            at = rows
            continue
        after = at + 1
        while after < len(block) and not _begins(block[after - 1], block[after], left, right, pitch):
            after += 1
        yield _paragraph(block[at:after], page)
        at = after


def _paragraph(lines: Sequence[Line], page: int) -> Paragraph:
    text = lines[0].text
    for line in lines[1:]:
        glue = _glue(text, line.text)
        text = (
            text[:-1] + line.text if glue == "" and _hyphenated(text, line.text) else text + glue + line.text
        )
    item = _ITEM.match(text)
    marker = ""
    if item and item["marker"]:
        bullet = item["marker"] in _BULLETS
        marker = "-" if bullet else item["marker"]
        text = text[item.end() :]
    return Paragraph([Piece(text, page, _box(lines))], max(line.size for line in lines), marker=marker)


def _begins(above: Line, line: Line, left: float, right: float, pitch: float) -> bool:
    """Whether ``line`` begins a paragraph of its own."""
    size = min(above.size, line.size)
    if line.cells or above.cells or abs(above.size - line.size) > 0.12 * size or _ITEM.match(line.text):
        return True
    step = above.base - line.base
    if step > max(1.35 * pitch, 1.2 * size) or step > 2.4 * size:
        return True
    indented = line.left > left + 0.7 * size
    if indented and above.left <= left + 0.7 * size and not _ITEM.match(above.text):
        return True
    return above.right < right - 2 * size and above.text.endswith(_ENDED)


def _goes_on(pending: Paragraph, paragraph: Paragraph) -> bool:
    first, last = paragraph.pieces[0], pending.pieces[-1]
    moved = first.page != last.page or first.box[1] > last.box[1]
    plain = not (paragraph.marker or paragraph.rows or pending.rows)
    alike = abs(pending.size - paragraph.size) <= 0.05 * paragraph.size
    return moved and plain and alike and len(pending.text) > 20 and not pending.text.endswith(_ENDED)


def _hyphenated(text: str, following: str) -> bool:
    return len(text) > 1 and text.endswith("-") and text[-2].isalpha() and following[:1].islower()


def _glue(text: str, following: str) -> str:
    """A space between Latin words, nothing between Japanese characters or after a hyphen."""
    if _hyphenated(text, following) or text.endswith("-"):
        return ""
    return " " if text[-1:].isascii() and following[:1].isascii() else ""


def _box(lines: Sequence[Line]) -> Box:
    return (
        min(line.left for line in lines),
        min(line.bottom for line in lines),
        max(line.right for line in lines),
        max(line.top for line in lines),
    )


def _rounded(size: float) -> float:
    return round(size * 2) / 2
