"""Read a file of ratings strictly: every faulty row is named with its line, column, value and cure.

Raters who work offline fill in spreadsheets, so UTF-8 with a byte order mark and CP932 are read as they are.
What would change a result silently is refused: a score that has to be guessed, a row given twice, two
spellings of one label. What only weakens the analysis (gaps, one rater, one system) is read and told.
"""

import csv
import hashlib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.rating.analysis_checks import (
    SHOWN_FAULTS,
    Fault,
    Note,
    RatingsFileError,
    Row,
    design_notes,
    duplicates,
    look_alikes,
)
from benchmarks.rating.statistics.design import Ratings, Repeat, System
from corpora.encodings import decode_japanese

REQUIRED = ("case", "system", "question", "rater", "score")
OPTIONAL = ("arm", "order", "repeat")
WITHOUT_RETRIEVAL = frozenset({"", "none", "closed_book", "without", "なし"})
"""What an ``arm`` column holds where the answers were made without retrieval."""

MAX_BYTES = 64_000_000
MAX_CELLS = 20_000_000
MAX_LABEL = 200


@dataclass(frozen=True, eq=False)
class RatingsFile:
    """A file that was read: its ratings, what is to be told of it, and what it was."""

    ratings: Ratings
    notes: tuple[Note, ...]
    sha256: str
    rows: int
    encoding: str


def read_ratings(path: Path) -> RatingsFile:
    """Read ``case,system,question,rater,score`` and, where there, ``arm``, ``order`` and ``repeat``.

    A system ``X+rag`` is model ``X`` in arm ``rag``; an ``arm`` column says the same beside the model's name.
    ``order`` is a rater's position of the score, ``repeat`` 1 for the second score of a hidden repeat.

    Raises:
        RatingsFileError: With every fault, in the order of the lines.
        OSError: If the file cannot be read.
    """
    data = _bytes_of(path)
    try:
        text, encoding = decode_japanese(data)
    except ValueError as error:
        raise RatingsFileError(
            path, [Fault(1, "file", path.name, f"{error} (CSV is read, not XLSX)")]
        ) from None
    notes = []
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(Note(f"文字コード {encoding} として読んだ。", f"Read as {encoding}."))
    rows, faults, ignored = _rows(path, text)
    faults += look_alikes(rows)
    faults += duplicates(rows)
    if faults:
        ordered = sorted(faults)
        raise RatingsFileError(path, ordered[:SHOWN_FAULTS], len(ordered))
    if not rows:
        raise RatingsFileError(path, [Fault(2, "file", "", "holds no ratings: write one row for each score")])
    if ignored:
        names = ", ".join(ignored)
        notes.append(Note(f"使わない列: {names}。", f"Columns not used: {names}."))
    ratings = _arranged(path, rows)
    return RatingsFile(
        ratings=ratings,
        notes=(*notes, *design_notes(ratings)),
        sha256=hashlib.sha256(data).hexdigest(),
        rows=len(rows),
        encoding=encoding,
    )


def _bytes_of(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_BYTES:
        cure = f"larger than {MAX_BYTES:,} bytes: is this a file of ratings?"
        raise RatingsFileError(path, [Fault(1, "file", path.name, cure)])
    return path.read_bytes()


def _rows(path: Path, text: str) -> tuple[list[Row], list[Fault], list[str]]:
    lines = _lines(path, text)
    header_line, header = next(lines, (1, []))
    names = [cell.strip().casefold() for cell in header]
    missing = [name for name in REQUIRED if name not in names]
    twice = [name for name, count in Counter(names).items() if count > 1 and name in REQUIRED + OPTIONAL]
    if missing or twice:
        named = f"header names the columns {','.join(REQUIRED)}, separated by commas"
        faults = [
            Fault(header_line, name, ",".join(header), f"column is missing: the {named}") for name in missing
        ]
        faults += [
            Fault(header_line, name, ",".join(header), "column stands twice: keep one") for name in twice
        ]
        raise RatingsFileError(path, faults)
    rows: list[Row] = []
    faults = []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            cure = f"{len(cells)} cells where the header has {len(header)}: mend its commas or quotes"
            faults.append(Fault(line, "row", ",".join(cells), cure))
            continue
        row, wrong = _row(line, dict(zip(names, cells, strict=True)))
        faults += wrong
        if row is not None:
            rows.append(row)
    ignored = [cell for cell, name in zip(header, names, strict=True) if name not in REQUIRED + OPTIONAL]
    return rows, faults, ignored


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            fault = Fault(line, "row", "", f"not CSV ({error}): close every quotation mark")
            raise RatingsFileError(path, [fault]) from None
        yield line, cells


def _row(line: int, cells: dict[str, str]) -> tuple[Row | None, list[Fault]]:
    faults = []
    labels = {}
    for column in ("case", "system", "question", "rater"):
        labels[column] = cells[column].strip()
        if not labels[column]:
            faults.append(Fault(line, column, cells[column], f"empty: write the {column}"))
        elif len(labels[column]) > MAX_LABEL or not labels[column].isprintable():
            cure = f"write a name of at most {MAX_LABEL} printable characters"
            faults.append(Fault(line, column, labels[column], cure))
    score = _whole(line, "score", cells["score"], faults, allowed="012")
    order = _whole(line, "order", cells["order"], faults) if cells.get("order", "").strip() else None
    repeat = _whole(line, "repeat", cells.get("repeat", "").strip() or "0", faults, allowed="01")
    if faults or score is None:
        return None, faults
    system = _system(labels["system"], cells.get("arm", "").strip())
    case, question, rater = labels["case"], labels["question"], labels["rater"]
    return Row(line, case, system, question, rater, score, order, bool(repeat)), []


def _whole(line: int, column: str, raw: str, faults: list[Fault], allowed: str | None = None) -> int | None:
    """Read a whole number in half-width digits, or add the fault that says what to write instead."""
    value = raw.strip()
    if re.fullmatch(r"[0-9]{1,9}", value) and (allowed is None or value in allowed):
        return int(value)
    wanted = " or ".join(allowed) if allowed else "a whole number of at most 9 digits"
    folded = unicodedata.normalize("NFKC", value)
    if not value:
        cure = f"empty: write {wanted}, or remove the row where there is no {column}"
    elif folded != value and re.fullmatch(r"[0-9]{1,9}", folded):
        cure = f"full-width digit: write {folded} in half width"
        if allowed and folded not in allowed:
            cure += f"; and it must be {wanted}"
    elif re.fullmatch(r"[+-]?[0-9]+", value):
        cure = f"outside the scale: write {wanted}"
    elif re.fullmatch(r"[0-9]+\.0*", value) and (allowed is None or value.split(".")[0] in allowed):
        cure = f"not a whole number: write {value.split('.')[0]}"
    else:
        cure = f"not a whole number: write {wanted}"
    faults.append(Fault(line, column, raw, cure))
    return None


def _system(name: str, arm: str) -> System:
    if arm.casefold() in WITHOUT_RETRIEVAL:
        model, _, named = name.partition("+")
        return System(name, model, named) if model and named else System(name, name, "")
    return System(f"{name}+{arm}", name, arm)


def natural(label: str) -> list[tuple[bool, int, str]]:
    """Sort key by which Q2 stands before Q10."""
    return [
        (not part.isdigit(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", label)
    ]


def _arranged(path: Path, rows: Sequence[Row]) -> Ratings:
    cases = sorted({row.case for row in rows}, key=natural)
    systems = sorted(
        {row.system for row in rows}, key=lambda system: (natural(system.model), natural(system.arm))
    )
    questions = sorted({row.question for row in rows}, key=natural)
    raters = sorted({row.rater for row in rows}, key=natural)
    shape = (len(cases), len(systems), len(questions), len(raters))
    if np.prod(shape, dtype=np.float64) > MAX_CELLS:
        cure = f"{' × '.join(map(str, shape))} cases × systems × questions × raters: is a column mistaken?"
        raise RatingsFileError(path, [Fault(1, "file", path.name, cure)])
    places = [{label: index for index, label in enumerate(axis)} for axis in (cases, questions, raters)]
    place_of_system = {system: index for index, system in enumerate(systems)}
    scores = np.full(shape, np.nan)
    order = np.full(shape, np.nan)
    second = []
    for row in rows:
        at = (places[0][row.case], place_of_system[row.system], places[1][row.question], places[2][row.rater])
        if row.repeat:
            second.append((at, row.score))
            continue
        scores[at] = row.score
        if row.order is not None:
            order[at] = row.order
    return Ratings(
        cases=tuple(cases),
        systems=tuple(systems),
        questions=tuple(questions),
        raters=tuple(raters),
        scores=scores,
        order=None if np.isnan(order).all() else order,
        repeats=tuple(Repeat(*at, int(scores[at]), score) for at, score in second),
    )
