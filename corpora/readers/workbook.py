"""XLSX: each sheet a section with its number as page, its first full row the header of a table."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

import openpyxl

from corpora.archives import check_office_file
from corpora.composing import Composer
from corpora.documents import Document
from corpora.readers import Source

MAX_CELLS = 2_000_000
_MAX_COLUMNS = 500


def read(source: Source) -> Iterator[Document]:
    """Yield the workbook as one document; hidden sheets are left out and noted."""
    check_office_file(source.path, "xl/workbook.xml")
    book = openpyxl.load_workbook(source.path, read_only=True, data_only=True, keep_links=False)
    composer = Composer()
    for number, sheet in enumerate(book.worksheets, start=1):
        if sheet.sheet_state != "visible":
            source.note(f"hidden sheet {sheet.title!r} left out")
            continue
        rows = _rows(sheet)
        if rows:
            composer.heading(sheet.title, 1, page=number)
            _write(composer, rows, number)
    if composer.empty:
        raise ValueError("holds no text in a visible sheet")
    yield composer.document(
        source.doc_id,
        title=(book.properties.title or "").strip() or source.path.stem,
        source=source.settings.source,
        licence=source.settings.licence,
        origin=source.origin,
    )


def _write(composer: Composer, rows: Sequence[Sequence[str]], page: int) -> None:
    """Rows of one cell above the table are paragraphs; the first row of several cells is the header."""
    first = next((at for at, row in enumerate(rows) if sum(map(bool, row)) > 1), len(rows))
    for row in rows[:first]:
        composer.paragraph(" ".join(filter(None, row)), page=page)
    composer.table(rows[first:], page=page)


def _rows(sheet: Any) -> list[list[str]]:
    sheet.reset_dimensions()  # a wrong stored size would cut the sheet or make it endless
    rows: list[list[str]] = []
    seen = 0
    for row in sheet.iter_rows():
        seen += len(row)
        if seen > MAX_CELLS:
            raise ValueError(
                f"sheet {sheet.title!r} has more than {MAX_CELLS:,} cells; save it as CSV or split it"
            )
        cells = [_shown(cell) for cell in row[:_MAX_COLUMNS]]
        if any(cells):
            while not cells[-1]:
                cells.pop()
            rows.append(cells)
    used = sorted({at for row in rows for at, cell in enumerate(row) if cell})
    return [[row[at] if at < len(row) else "" for at in used] for row in rows]


def _shown(cell: Any) -> str:
    """A cell's value as the sheet shows it where that changes the meaning: per cent, dates, whole numbers."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        per_cent = "%" in (cell.number_format or "")
        text = format(value * 100 if per_cent else value, ".12g")
        return text + "%" if per_cent else text
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
