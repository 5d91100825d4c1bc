"""What is checked in a file of ratings: rows against each other, and what the design can show."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.rating.statistics.design import Ratings, System

SHOWN_FAULTS = 50


class Fault(NamedTuple):
    """One thing wrong in a file; ``line`` is counted from 1, the header being line 1."""

    line: int
    column: str
    value: str
    cure: str

    def __str__(self) -> str:
        shown = self.value if len(self.value) <= 60 else self.value[:60] + "…"
        return f"line {self.line}, {self.column}: 「{shown}」: {self.cure}"


class RatingsFileError(Exception):
    """A file that cannot be analysed; the message lists up to 50 faults."""

    exit_code = 2

    def __init__(self, path: Path, faults: Sequence[Fault], total: int | None = None) -> None:
        self.path = path
        self.faults = tuple(faults)
        count = len(faults) if total is None else total
        lines = [f"{path}: {count} fault{'s' if count != 1 else ''}, nothing was analysed"]
        lines += [f"  {fault}" for fault in faults[:SHOWN_FAULTS]]
        if count > SHOWN_FAULTS:
            lines.append(f"  … and {count - SHOWN_FAULTS} more")
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Note:
    """Something that was read, and that a reader of the results must know."""

    ja: str
    en: str


@dataclass(frozen=True)
class Row:
    """One well-formed row; ``line`` is counted from 1."""

    line: int
    case: str
    system: System
    question: str
    rater: str
    score: int
    order: int | None
    repeat: bool


def look_alikes(rows: Sequence[Row]) -> list[Fault]:
    """Find labels that differ only in width, case or white space, and so are one label spelt twice."""
    faults = []
    columns: dict[str, Callable[[Row], str]] = {
        "case": lambda row: row.case,
        "system": lambda row: row.system.label,
        "question": lambda row: row.question,
        "rater": lambda row: row.rater,
    }
    for column, label in columns.items():
        first: dict[str, int] = {}
        counts: Counter[str] = Counter()
        for row in rows:
            first.setdefault(label(row), row.line)
            counts[label(row)] += 1
        alike: defaultdict[str, list[str]] = defaultdict(list)
        for name in counts:
            alike["".join(unicodedata.normalize("NFKC", name).casefold().split())].append(name)
        for names in alike.values():
            usual, *others = sorted(names, key=lambda name: (-counts[name], first[name]))
            for name in others:
                cure = f"another spelling of 「{usual}」 ({counts[name]} rows): write both alike"
                faults.append(Fault(first[name], column, name, cure))
    return faults


def duplicates(rows: Sequence[Row]) -> list[Fault]:
    """Find cells scored twice, and repeats of nothing."""
    seen: dict[tuple[str, str, str, str, bool], int] = {}
    faults = []
    for row in rows:
        key = (row.case, row.system.label, row.question, row.rater, row.repeat)
        if key in seen:
            value = ",".join((*key[:4], str(row.score)))
            cure = f"scored before in line {seen[key]}: remove one, or mark a hidden repeat with repeat=1"
            faults.append(Fault(row.line, "row", value, cure))
        else:
            seen[key] = row.line
    firsts = {key[:4] for key in seen if not key[4]}
    for key, line in seen.items():
        if key[4] and key[:4] not in firsts:
            cure = "a repeat without its first score: add the row with repeat=0"
            faults.append(Fault(line, "repeat", ",".join(key[:4]), cure))
    return faults


def design_notes(ratings: Ratings) -> list[Note]:
    """Say what the design lacks for some part of the analysis."""
    notes = []
    gaps = int(np.isnan(ratings.scores).sum())
    cells = ratings.scores.size
    if gaps:
        notes.append(
            Note(
                f"不完全な計画: {cells:,} 通りの組のうち {gaps:,} 通りに評点がない。"
                "比較には、比べる系が共通に持つ症例と質問だけを使う。",
                f"Unbalanced: {gaps:,} of {cells:,} combinations have no score. Comparisons use the cases "
                "and questions that the compared systems share.",
            )
        )
        rated = ~np.isnan(ratings.scores)
        asked = rated.any(axis=(0, 2))
        if not asked.all():
            notes.append(
                Note(
                    "系によって評価者が異なる。評価者の厳しさの差が系の差に混ざりうる。",
                    "Raters differ between systems: their severity can pass for a difference of systems.",
                )
            )
    if len(ratings.systems) == 1:
        notes.append(Note("系が一つなので比較はない。", "One system only: nothing is compared."))
    if len(ratings.raters) == 1:
        notes.append(
            Note("評価者が一人なので一致度は求められない。", "One rater only: agreement cannot be measured.")
        )
    if len(ratings.cases) < 2:
        notes.append(Note("症例が一つなので検定も区間もない。", "One case only: no tests and no intervals."))
    return notes
