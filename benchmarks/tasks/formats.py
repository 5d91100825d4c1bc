"""Read the formats that data sets come in. A row that cannot be read is named by file and line."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.errors import TaskDataError

csv.field_size_limit(10_000_000)


def jsonl_rows(name: str, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Objects of a JSON-lines file with their line numbers, counted from 1; blank lines are skipped."""
    for line, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if not raw.strip():
            continue
        try:
            row = json.loads(raw)
        except ValueError as error:
            raise TaskDataError(name, line, f"no JSON: {error}") from None
        if not isinstance(row, dict):
            raise TaskDataError(name, line, "an object is expected on every line")
        yield line, row


def json_value(name: str, text: str) -> Any:
    """The one value of a JSON file."""
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise TaskDataError(name, None, f"no JSON: {error}") from None


def json_or_jsonl(name: str, text: str) -> Iterator[tuple[int | None, dict[str, Any]]]:
    """Objects of a JSON list, or of JSON lines: upstream calls both ``.json``."""
    if text.removeprefix("\ufeff").lstrip().startswith("["):
        for row in json_value(name, text):
            if not isinstance(row, dict):
                raise TaskDataError(name, None, "a list of objects is expected")
            yield None, row
    else:
        yield from jsonl_rows(name, text)


def csv_rows(name: str, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file with a header, and the line each ends on."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        for row in reader:
            if None in row or any(value is None for value in row.values()):
                raise TaskDataError(name, reader.line_num, "the row has not as many fields as the header")
            yield reader.line_num, row
    except csv.Error as error:
        raise TaskDataError(name, reader.line_num, f"no CSV: {error}") from None


def csv_lists(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV file without a header, and the line each ends on."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise TaskDataError(name, reader.line_num, f"no CSV: {error}") from None


def string(row: Mapping[str, Any], key: str, name: str, line: int | None) -> str:
    """A text field that must be there."""
    value = row.get(key)
    if not isinstance(value, str):
        found = "is missing" if key not in row else "is no text"
        raise TaskDataError(name, line, f"the field {key!r} {found}")
    return value
