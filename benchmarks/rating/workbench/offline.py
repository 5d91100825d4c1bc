"""Sheets for raters without a connection: one stage at a time, so that the stage lock holds on paper, too.

A sheet is read strictly: all of it or nothing, with every faulty row named. Reading one twice adds nothing.
"""

import csv
import hashlib
import io
from pathlib import Path
from typing import Any

from benchmarks.rating.workbench.store import TAGS, Event, Store, StudyError
from corpora.encodings import decode_japanese

COLUMNS = ("task", "question", "case", "answer", "score", "tags")
MAX_BYTES = 20_000_000
MAX_ROWS = 20_000
SHOWN = 50
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_sheet(store: Store, rater: str, out: Path) -> int:
    """Write the rater's open stage; how many answers it has.

    Raises:
        StudyError: If nothing is open, the file exists, or its kind is not known.
    """
    if out.exists() or out.suffix not in (".csv", ".xlsx"):
        raise StudyError(".csvか.xlsxの新しいファイルを指定してください。", "Name a new .csv or .xlsx file.")
    block = store.open_block(rater)
    questions: dict[str, str] = store.about("questions")
    rows = []
    for task in store.tasks(rater):
        if task.block == block:
            findings = "\n\n".join(
                f"{title}\n{text}" for title, text in store.findings(task.case_id, task.stage)
            )
            asked = f"{task.question} {questions[task.question]}"
            score = "" if task.score is None else task.score
            rows.append((task.task, asked, _plain(findings), _plain(task.text), score, " ".join(task.tags)))
    if not rows:
        raise StudyError("評価する段階がありません。", f"{rater} has no open stage.")
    if out.suffix == ".csv":
        with out.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows([COLUMNS, *rows])
        return len(rows)
    from openpyxl import Workbook
    from openpyxl.styles import Alignment

    book = Workbook()
    page = book.active
    assert page is not None
    for row in [COLUMNS, *rows]:
        page.append(row)
    for column, width in zip("ABCDEF", (18, 30, 70, 70, 8, 20), strict=True):
        page.column_dimensions[column].width = width
        for cell in page[column]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    book.save(out)
    return len(rows)


def read_sheet(store: Store, rater: str, file: Path) -> int:
    """Keep the scores of a sheet; how many were new.

    Raises:
        StudyError: If the file or a row is faulty; then nothing is kept.
    """
    try:
        data = file.read_bytes() if file.stat().st_size <= MAX_BYTES else b""
    except OSError as error:
        raise StudyError(f"読めません: {file}", f"{file}: {error.strerror}") from None
    rows = _xlsx(file, data) if file.suffix == ".xlsx" else _csv(file, data)
    if not rows or tuple(rows[0][: len(COLUMNS)]) != COLUMNS:
        raise StudyError("見出しの行が違います。", f"{file}: the first row must be {','.join(COLUMNS)}")
    tasks = {task.task: task for task in store.tasks(rater)}
    faults: list[str] = []
    events: list[Event] = []
    seen: dict[str, int] = {}
    digest = hashlib.sha256(data).hexdigest()[:24]
    for number, row in enumerate(rows[1:], start=2):
        name, _, _, answer, score, tags = (*row, *[""] * len(COLUMNS))[: len(COLUMNS)]
        own = tasks.get(name)
        if not any(row):
            continue
        if own is None:
            faults.append(f"row {number}, task: 「{name[:40]}」 is no task of {rater}")
        elif name in seen:
            faults.append(f"row {number}, task: the same as row {seen[name]}: keep one")
        elif "".join(answer.split()) != "".join(_plain(own.text).split()):
            faults.append(f"row {number}, answer: was changed: fill in score and tags only")
        elif score not in ("0", "1", "2"):
            faults.append(f"row {number}, score: 「{score[:40]}」: write 0, 1 or 2")
        elif unknown := [tag for tag in tags.split() if tag not in TAGS]:
            faults.append(
                f"row {number}, tags: 「{unknown[0][:40]}」: one of {' '.join(TAGS)}, parted by spaces"
            )
        else:
            given = tuple(dict.fromkeys(tags.split()))
            if (own.score, own.tags) != (int(score), given):
                spans = own.spans
                events.append(Event(f"{digest}-{number}", name, int(score), given, spans))
        seen.setdefault(name, number)
    if faults:
        more = f"\n… and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        listed = "\n".join(faults[:SHOWN]) + more
        raise StudyError(f"{len(faults)}件の誤りがあり、何も取り込みませんでした。", listed)
    return store.score(rater, *events)


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(file: Path, data: bytes) -> list[list[str]]:
    try:
        text, _ = decode_japanese(data)
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (ValueError, csv.Error) as error:
        raise StudyError(f"CSVとして読めません: {file}", f"{file} is no CSV: {error}") from None
    return [[cell.strip() for cell in row] for row in rows[: MAX_ROWS + 1]]


def _xlsx(file: Path, data: bytes) -> list[list[str]]:
    from zipfile import BadZipFile, ZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with ZipFile(io.BytesIO(data)) as parts:
            if sum(part.file_size for part in parts.infolist()) > 10 * MAX_BYTES:
                raise StudyError("大きすぎます。", f"{file} is too large for a sheet of scores.")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        page = book.worksheets[0]
        return [[_cell(value) for value in row] for row in page.iter_rows(max_row=MAX_ROWS, values_only=True)]
    except (BadZipFile, InvalidFileException, KeyError, ValueError, IndexError) as error:
        raise StudyError(f"XLSXとして読めません: {file}", f"{file} is no XLSX: {error}") from None


def _cell(value: Any) -> str:
    """As typed; a spreadsheet keeps 2 as 2.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()
