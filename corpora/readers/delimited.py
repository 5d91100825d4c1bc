"""CSV and TSV: one table a file, its first row the header."""

import csv
import io
from collections.abc import Iterator

from corpora.composing import Composer
from corpora.documents import Document
from corpora.encodings import decode_japanese
from corpora.readers import Source

_MAX_BYTES = 64 * 2**20


def read(source: Source) -> Iterator[Document]:
    """Yield the file as one document."""
    if source.path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"is larger than {_MAX_BYTES // 2**20} MiB; split it, or use JSON lines")
    text, encoding = decode_japanese(source.path.read_bytes())
    if encoding not in {"utf-8", "utf-8-sig"}:
        source.note(f"read as {encoding}")
    csv.field_size_limit(2**24)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    except csv.Error as error:
        raise ValueError(f"is not CSV: {error}") from error
    composer = Composer()
    composer.table(rows)
    yield composer.document(
        source.doc_id,
        title=source.path.stem,
        source=source.settings.source,
        licence=source.settings.licence,
        origin=source.origin,
    )


def _delimiter(text: str) -> str:
    """The separator that the first line has most of; a comma where it has none."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max((",", "\t", ";"), key=lambda mark: (first.count(mark), mark == ","))
