"""The types of this layer: a source text, and the piece of it that is retrieved and cited."""

from collections.abc import Iterator, Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Frozen(BaseModel):
    """Immutable, and strict about field names: a misspelt field is an error, not a lost value."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Origin(Frozen):
    """The file a document was read from.

    Attributes:
        path: As given to the reader.
        sha256: Of the file's bytes, or of the bytes of the line (JSONL) or element (PubMed, MediaWiki)
            where a file holds many documents; hexadecimal.
        line: Where the document begins, counted from 1; ``None`` where the file is the document.
    """

    path: str
    sha256: str
    line: int | None = None


class Section(Frozen):
    """One heading and what stands under it, up to the next heading of the same or a higher level.

    ``start`` is the heading line's first character, ``body`` the first character after that line and
    ``end`` one past the last, all counted in characters of the document's text. ``section_type`` is the
    kind that the source format gives it (警告, 禁忌, methods), ``None`` where it gives none.
    """

    heading: str
    level: int = Field(ge=1, le=6)
    start: int = Field(ge=0)
    body: int = Field(ge=0)
    end: int = Field(ge=0)
    section_type: str | None = None
    sections: tuple["Section", ...] = ()


class Locator(Frozen):
    """Where a stretch of a document's text stands in its source file, so that a citation can open it.

    Attributes:
        start, end: Characters of the document's text.
        page: Page of a PDF, slide of a presentation, sheet of a workbook; counted from 1.
        box: Left, bottom, right and top in PDF points from the page's lower left corner, as PDF viewers
            count; ``None`` where the format has no fixed layout.
    """

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    page: int = Field(ge=1)
    box: tuple[float, float, float, float] | None = None


class Document(Frozen):
    """One source text, cleaned (encoding, NFC, line ends, controls) and otherwise as written.

    ``text`` is what is shown, quoted and sent to a model; no width folding ever touches it.

    Attributes:
        supersedes: Ids of the documents that this one replaces.
        tags: Keywords of the source (MeSH terms, categories) and of the site.
        locators: Where the text stands in a paged source, in text order; empty where there are no pages.
        unreviewed: The text says of itself that no clinician reviewed it. Answers that rest on it say so.
        sections: The heading tree, top level first, in text order; empty where the text has no headings.
    """

    doc_id: str = Field(min_length=1)
    title: str
    text: str = Field(min_length=1)
    source: str | None = None
    licence: str | None = None
    published: date | None = None
    edition: str | None = None
    language: str | None = None
    supersedes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    unreviewed: bool = False
    sections: tuple[Section, ...] = ()
    locators: tuple[Locator, ...] = ()
    origin: Origin | None = None


class Passage(Frozen):
    """The unit that is retrieved and cited: ``document.text[start:end] == passage.text``.

    Attributes:
        passage_id: The document's id where the document is one passage, else ``{doc_id}~{n}``, n from 1.
        headings: The path down to the passage: the document's title first, then its headings, and last
            the header row of a table whose later rows the passage begins with. Searched with the text,
            shown above it, and no part of it.
        section_type: That of the nearest section above that has one.
        locators: Those of the document that the passage touches; offsets are the document's.
    """

    passage_id: str = Field(min_length=1)
    doc_id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    start: int = Field(ge=0)
    end: int
    headings: tuple[str, ...] = ()
    section_type: str | None = None
    locators: tuple[Locator, ...] = ()

    def locate(self, start: int, end: int) -> tuple[Locator, ...]:
        """The places of the quotation ``text[start:end]`` in the source file, in text order."""
        return touching(self.locators, self.start + start, self.start + end)

    @model_validator(mode="after")
    def _spans_its_text(self) -> "Passage":
        if self.end - self.start != len(self.text):
            raise ValueError(f"passage {self.passage_id}: {self.start}:{self.end} does not span its text")
        return self


def touching(locators: Sequence[Locator], start: int, end: int) -> tuple[Locator, ...]:
    """Those of ``locators`` that share a character with ``start:end``."""
    return tuple(locator for locator in locators if locator.start < end and start < locator.end)


def walk(sections: Sequence[Section]) -> Iterator[Section]:
    """Every section of a tree, in text order."""
    for section in sections:
        yield section
        yield from walk(section.sections)
