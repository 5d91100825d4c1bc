"""The YAML block on top of a Markdown document: what the text is and what its figures rest on.

All fields are optional for a reader's own files. The starter corpus fills them all, which
``StarterFrontMatter`` demands.
"""

from datetime import date
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from corpora.documents import Frozen

UNREVIEWED = "臨床的な査読を受けていない"
"""The value of ``review`` by which a document says that no clinician reviewed it."""


class FrontMatter(BaseModel):
    """What the reader takes from the block; other keys are the site's own and are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    id: str | None = None
    title: str | None = None
    source: str | None = None
    licence: str | None = None
    published: date | None = None
    edition: str | None = None
    language: str | None = None
    review: str | None = None
    supersedes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @field_validator("supersedes", "tags", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str | int) else value


class CitedSource(Frozen):
    """A publication that figures of the document come from; ``address`` is a URL or DOI."""

    id: str
    title: str
    publisher: str
    year: int | None
    address: str | None


class Figure(Frozen):
    """A number that matters: as it stands in the text, its source, and whether that source was read.

    ``checked`` is true only where the value was compared with the source's own text.
    """

    name: str
    value: str
    source: str
    checked: bool


class SecondReading(Frozen):
    """A second reader's pass over the facts: when, and what was changed because of it."""

    date: date
    changes: tuple[str, ...] = ()


class StarterFrontMatter(Frozen):
    """The complete block that every starter document carries."""

    id: str
    title: str
    topic: str
    kind: Literal["disease", "drug"]
    edition: str
    published: date
    licence: str
    review: str
    keywords: tuple[str, ...] = Field(min_length=1)
    sources: tuple[CitedSource, ...] = Field(min_length=1)
    figures: tuple[Figure, ...] = Field(min_length=1)
    second_reading: SecondReading

    @field_validator("review")
    @classmethod
    def _says_unreviewed(cls, value: str) -> str:
        if value != UNREVIEWED:
            raise ValueError(f"must be {UNREVIEWED}")
        return value

    @model_validator(mode="after")
    def _figures_have_sources(self) -> "StarterFrontMatter":
        known = {source.id: source for source in self.sources}
        for figure in self.figures:
            if figure.source not in known:
                raise ValueError(f"figure {figure.name!r} names the unknown source {figure.source!r}")
            if figure.checked and known[figure.source].address is None:
                raise ValueError(f"figure {figure.name!r} is checked, but its source has no address")
        return self


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Part the YAML block from the body; without a block the mapping is empty.

    Args:
        text: Cleaned text of the file.

    Raises:
        ValueError: If the block is not closed, is not YAML, or is not a mapping.
    """
    if not text.startswith("---\n"):
        return {}, text
    block, closing, body = text[4:].partition("\n---\n")
    if not closing:
        raise ValueError("the front matter opens with --- and is never closed by a line ---")
    try:
        values = yaml.safe_load(block)
    except RecursionError:
        raise ValueError("the front matter is nested too deeply: write plain key: value lines") from None
    except yaml.YAMLError as error:
        raise ValueError(f"the front matter is not YAML: {' '.join(str(error).split())}") from error
    if values is None:
        return {}, body
    if not isinstance(values, dict):
        raise ValueError("the front matter must be a YAML mapping (key: value)")
    return values, body
