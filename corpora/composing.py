"""Composing a document from the blocks that a reader finds: headings, paragraphs, items, tables.

Every reader of a structured format writes through here, so that cleaning, offsets, the heading tree and
the form of tables are decided once. Tables are written as Markdown writes them: the splitter then knows
a header row by its rule line, whatever format it came from.
"""

import re
from collections.abc import Sequence
from datetime import date

from corpora.cleaning import clean
from corpora.documents import Document, Locator, Origin, Section

MAX_CHARACTERS = 20_000_000
"""Of one document: ten times the longest textbook. More than this is a fault or an attack."""

Box = tuple[float, float, float, float]

Heading = tuple[str, int, int, int, str | None]
"""Text, level, first character of its line, first character after it, section type."""

_BLANK_LINES = re.compile(r"\n[ \t\u3000]*(?:\n[ \t\u3000]*)+")
_SPACES = re.compile(r"[ \t\u00a0]+")


class Composer:
    """Collects blocks in reading order; ``document`` hands them over as one cleaned text."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []
        self._locators: list[Locator] = []
        self._after_item = False

    @property
    def first_heading(self) -> str:
        """The first heading so far, empty where there is none."""
        return self._headings[0][0] if self._headings else ""

    @property
    def empty(self) -> bool:
        """Whether nothing but headings was written."""
        return len(self._parts) == len(self._headings)

    def heading(
        self,
        text: str,
        level: int,
        *,
        section_type: str | None = None,
        page: int | None = None,
        box: Box | None = None,
    ) -> None:
        """Open a section. ``level`` is taken as 1 to 6; an empty heading opens none."""
        text = one_line(text)
        if text:
            start = self._write(text, "\n\n", page, box)
            self._headings.append((text, min(max(level, 1), 6), start, self._length, section_type))

    def paragraph(self, text: str, *, page: int | None = None, box: Box | None = None) -> None:
        """Add a paragraph; single line breaks inside it stay."""
        text = _BLANK_LINES.sub("\n", _SPACES.sub(" ", clean(text))).strip()
        if text:
            self._write(text, "\n\n", page, box)

    def placed_paragraph(self, pieces: Sequence[tuple[str, int, Box]]) -> None:
        """Add a paragraph whose parts stand on several pages or columns: text, page and box of each."""
        written = False
        for text, page, box in pieces:
            text = _SPACES.sub(" ", clean(text).replace("\n", " "))
            if text.strip():
                self._write(text if written else text.lstrip(), "" if written else "\n\n", page, box)
                written = True

    def item(
        self,
        text: str,
        *,
        depth: int = 0,
        marker: str = "-",
        page: int | None = None,
        box: Box | None = None,
    ) -> None:
        """Add a list item on a line of its own, ``depth`` levels inside the list."""
        text = one_line(text)
        if text:
            follows = self._after_item
            indent = "  " * min(depth, 8)
            self._write(f"{indent}{marker} {text}", "\n" if follows else "\n\n", page, box)
            self._after_item = True

    def table(
        self,
        rows: Sequence[Sequence[str]],
        *,
        header: bool = True,
        page: int | None = None,
        box: Box | None = None,
    ) -> None:
        """Add a table; with ``header`` its first row heads the others. Empty rows are left out."""
        cells = [[one_line(cell).replace("|", r"\|") for cell in row] for row in rows]
        cells = [row for row in cells if any(row)]
        if not cells:
            return
        columns = max(len(row) for row in cells)
        lines = [f"| {' | '.join(row + [''] * (columns - len(row)))} |" for row in cells]
        if header and len(lines) > 1:
            lines.insert(1, "|" + "---|" * columns)
        self._write("\n".join(lines), "\n\n", page, box)

    def document(
        self,
        doc_id: str,
        *,
        origin: Origin,
        title: str = "",
        source: str | None = None,
        licence: str | None = None,
        published: date | None = None,
        edition: str | None = None,
        language: str | None = None,
        supersedes: Sequence[str] = (),
        tags: Sequence[str] = (),
    ) -> Document:
        """The document of everything written so far.

        Raises:
            ValueError: If nothing was written.
        """
        if not self._parts:
            raise ValueError("holds no text")
        text = "".join(self._parts)
        return Document(
            doc_id=doc_id,
            title=one_line(title) or self.first_heading,
            text=text,
            source=source,
            licence=licence,
            published=published,
            edition=edition,
            language=language,
            supersedes=tuple(supersedes),
            tags=tuple(dict.fromkeys(one_line(tag) for tag in tags if tag.strip())),
            sections=nest(self._headings, len(text)),
            locators=tuple(self._locators),
            origin=origin,
        )

    def _write(self, text: str, separator: str, page: int | None, box: Box | None) -> int:
        if self._parts:
            text_start = self._length + len(separator)
            self._parts.append(separator + text)
        else:
            text_start = 0
            self._parts.append(text)
        self._length = text_start + len(text)
        self._after_item = False
        if self._length > MAX_CHARACTERS:
            raise ValueError(f"holds more than {MAX_CHARACTERS:,} characters; split it")
        if page is not None:
            rounded = None if box is None else tuple(round(value, 1) for value in box)
            self._locators.append(Locator(start=text_start, end=self._length, page=page, box=rounded))
        return text_start


def one_line(text: str) -> str:
    """``text`` cleaned, white space (ideographic space aside) folded to single spaces."""
    return _SPACES.sub(" ", clean(text).replace("\n", " ")).strip()


def nest(headings: Sequence[Heading], end: int) -> tuple[Section, ...]:
    """Arrange headings as a tree; ``end`` is where the text ends."""
    sections: list[Section] = []
    at = 0
    while at < len(headings):
        heading, level, start, body, section_type = headings[at]
        after = at + 1
        while after < len(headings) and headings[after][1] > level:
            after += 1
        section_end = headings[after][2] if after < len(headings) else end
        children = nest(headings[at + 1 : after], section_end)
        sections.append(
            Section(
                heading=heading,
                level=level,
                start=start,
                body=body,
                end=section_end,
                section_type=section_type,
                sections=children,
            )
        )
        at = after
    return tuple(sections)
