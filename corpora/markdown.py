"""Markdown files: optional YAML front matter, then text whose headings become the section tree."""

import hashlib
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from pydantic import ValidationError

from corpora.cleaning import clean, decode
from corpora.composing import Heading, nest
from corpora.documents import Document, Origin, Section
from corpora.errors import CorpusError
from corpora.front_matter import UNREVIEWED, FrontMatter, split_front_matter
from corpora.settings import CorpusSettings


def read_markdown(path: Path, doc_id: str, settings: CorpusSettings) -> Document:
    """Read one Markdown file as one document.

    Args:
        doc_id: Used where the front matter names no ``id``.

    Raises:
        CorpusError: If the file cannot be read or decoded, its front matter is malformed, or it holds
            no text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(path, None, f"cannot be read: {error.strerror}") from error
    try:
        values, body = split_front_matter(clean(decode(data)))
        matter = FrontMatter.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in fault["loc"])
        raise CorpusError(path, None, f"front matter, {field}: {fault['msg']}") from error
    except ValueError as error:
        raise CorpusError(path, None, str(error)) from error

    text = body.strip()
    if not text:
        raise CorpusError(path, None, "holds no text below its front matter")
    sections = heading_tree(text)
    return Document(
        doc_id=matter.id or doc_id,
        title=matter.title or (sections[0].heading if sections else "") or path.stem,
        text=text,
        source=matter.source or settings.source,
        licence=matter.licence or settings.licence,
        published=matter.published,
        edition=matter.edition,
        language=matter.language,
        supersedes=matter.supersedes,
        tags=matter.tags,
        unreviewed=matter.review == UNREVIEWED,
        sections=sections,
        origin=Origin(path=str(path), sha256=hashlib.sha256(data).hexdigest()),
    )


def heading_tree(text: str) -> tuple[Section, ...]:
    """Return the headings of Markdown ``text`` as a tree with character offsets.

    A ``#`` inside a code block is no heading, and a line underlined with ``===`` or ``---`` is one:
    the CommonMark parser decides.
    """
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    headings: list[Heading] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for token, content in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            first, after = token.map
            headings.append(
                (
                    content.content.strip(),
                    int(token.tag[1]),
                    starts[first],
                    min(starts[after], len(text)),
                    None,
                )
            )
    return nest(headings, len(text))
