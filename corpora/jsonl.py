"""JSON lines: one document a line, the fields named by the configuration."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, cast

from corpora.cleaning import clean, decode
from corpora.documents import Document, Origin
from corpora.errors import CorpusError
from corpora.settings import CorpusSettings

MAX_LINE = 32 * 2**20
"""Bytes of a line: the longest textbook. A compressed line without end stops here."""


def read_jsonl(path: Path, settings: CorpusSettings) -> Iterator[Document]:
    """Yield the documents of a ``.jsonl`` or ``.jsonl.gz`` file, in the order of its lines.

    Raises:
        CorpusError: For the first line that is not a JSON object with a usable id and text; empty
            lines are passed over.
    """
    try:
        with _open(path) as file:
            for number, line in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), start=1):
                if len(line) > MAX_LINE:
                    raise CorpusError(
                        path, number, f"a line is longer than {MAX_LINE // 2**20} MiB; split it"
                    )
                if line.strip():
                    yield _document(path, number, line, settings)
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError(path, None, f"cannot be read: {error}") from error


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _document(path: Path, number: int, line: bytes, settings: CorpusSettings) -> Document:
    fields = settings.jsonl
    try:
        record = json.loads(decode(line))
    except (ValueError, RecursionError) as error:
        raise CorpusError(path, number, f"not JSON in UTF-8: {error}") from error
    if not isinstance(record, dict):
        raise CorpusError(path, number, f"a JSON object is needed, this is a {type(record).__name__}")

    def text_of(field: str, *, needed: bool = False) -> str | None:
        value: Any = record.get(field)
        if value is None or (isinstance(value, str) and not value.strip()):
            if not needed:
                return None
            raise CorpusError(
                path,
                number,
                f"no {field!r}; this line has {sorted(record)}: name the fields under [corpus.jsonl]",
            )
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise CorpusError(path, number, f"{field!r} must be text, this is a {type(value).__name__}")
        try:
            return clean(str(value))
        except ValueError as error:
            raise CorpusError(path, number, f"{field!r}: {error}") from error

    def texts_of(field: str) -> tuple[str, ...]:
        value = record.get(field)
        values = value if isinstance(value, list) else [] if value is None else [value]
        if not all(isinstance(entry, str) for entry in values):
            raise CorpusError(path, number, f"{field!r} must be a text or a list of texts")
        try:
            return tuple(clean(entry) for entry in values if entry.strip())
        except ValueError as error:
            raise CorpusError(path, number, f"{field!r}: {error}") from error

    doc_id = text_of(fields.id, needed=True)
    text = text_of(fields.text, needed=True)
    if not doc_id or not doc_id.strip() or not text or not text.strip():
        raise CorpusError(path, number, "the id or the text holds control characters only")
    published = text_of(fields.published)
    return Document(
        doc_id=doc_id.strip(),
        title=text_of(fields.title) or "",
        text=text.strip(),
        source=text_of(fields.source) or settings.source,
        licence=text_of(fields.licence) or settings.licence,
        published=_date(path, number, published) if published else None,
        edition=text_of(fields.edition),
        language=text_of(fields.language),
        supersedes=texts_of(fields.supersedes),
        tags=texts_of(fields.tags),
        origin=Origin(path=str(path), sha256=hashlib.sha256(line.rstrip(b"\r\n")).hexdigest(), line=number),
    )


def _date(path: Path, number: int, value: str) -> date:
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise CorpusError(path, number, f"the date {value!r} is not of the form 2026-11-23") from error
