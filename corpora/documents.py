"""The types of this layer: a source text, and the piece of it that is retrieved and cited."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Frozen(BaseModel):
    """Immutable, and strict about field names: a misspelt field is an error, not a lost value."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Origin(Frozen):
    """The file a document was read from.

    Attributes:
        path: As given to the reader.
        sha256: Of the file's bytes (Markdown) or of the line's bytes (JSONL), hexadecimal.
        line: The line that holds the document, counted from 1; ``None`` where the file is the document.
    """

    path: str
    sha256: str
    line: int | None = None


class Section(Frozen):
    """One heading and what stands under it, up to the next heading of the same or a higher level.

    ``start`` is the heading line's first character, ``body`` the first character after that line and
    ``end`` one past the last, all counted in characters of the document's text.
    """

    heading: str
    level: int = Field(ge=1, le=6)
    start: int = Field(ge=0)
    body: int = Field(ge=0)
    end: int = Field(ge=0)
    sections: tuple["Section", ...] = ()


class Document(Frozen):
    """One source text, cleaned (encoding, NFC, line ends, controls) and otherwise as written.

    ``text`` is what is shown, quoted and sent to a model; no width folding ever touches it.

    Attributes:
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
    unreviewed: bool = False
    sections: tuple[Section, ...] = ()
    origin: Origin | None = None


class Passage(Frozen):
    """The unit that is retrieved and cited: ``document.text[start:end] == passage.text``.

    Attributes:
        passage_id: The document's id where the document is one passage, else ``{doc_id}~{n}``, n from 1.
        headings: The path down to the passage: the document's title first, then its headings. Searched
            with the text, shown above it, and no part of it.
    """

    passage_id: str = Field(min_length=1)
    doc_id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    start: int = Field(ge=0)
    end: int
    headings: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _spans_its_text(self) -> "Passage":
        if self.end - self.start != len(self.text):
            raise ValueError(f"passage {self.passage_id}: {self.start}:{self.end} does not span its text")
        return self
