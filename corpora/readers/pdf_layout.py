"""From glyphs on a page to lines in reading order: rows, columns, raised digits.

A PDF says where each glyph stands and nothing more. Lines are glyphs of one base line without a wide
gap; a page is in columns where a white gutter parts lines that fill their columns (the cells of a table
do not fill theirs, so a table is read row by row).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from corpora.superscripts import subscript, superscript

_CELL_GAP = 1.0
"""In font sizes: a wider gap parts cells or columns, a narrower one words."""
_FILLED = 0.55
"""Share of a column's width that its median line fills at least, where it is a column of text."""
_MIN_LINES = 3
"""Lines on each side of a gutter that it takes to be one."""


class Glyph(NamedTuple):
    """One character: its box, its size and the height of its base line, in PDF points."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    base: float


class Line(NamedTuple):
    """Text on one base line. ``cells`` holds its parts where wide gaps part them (a row of a table)."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    base: float
    cells: tuple[str, ...] = ()


def lines_of(glyphs: Sequence[Glyph]) -> list[Line]:
    """The lines of a page without wide gaps inside, unordered."""
    runs: list[list[Glyph]] = []
    for glyph in glyphs:
        if runs and _continues(runs[-1], glyph):
            runs[-1].append(glyph)
        elif not glyph.text.isspace():
            runs.append([glyph])
    return _joined([_line(run) for run in runs])


def reading_order(lines: Sequence[Line]) -> list[list[Line]]:
    """Blocks of lines in the order they are read: what spans the page, then column by column."""
    gutter = _gutter(lines)
    if gutter is None:
        return [_rows(lines)] if lines else []
    left_edge, right_edge = gutter
    middle = (left_edge + right_edge) / 2
    blocks: list[list[Line]] = []
    band: list[Line] = []
    spanning: list[Line] = []

    def flush_band() -> None:
        for side in (
            [line for line in band if line.right <= middle],
            [line for line in band if line.left >= middle],
        ):
            blocks.extend(reading_order(side))
        band.clear()

    for line in sorted(lines, key=lambda line: -line.base):
        if line.left < middle < line.right:
            flush_band()
            spanning.append(line)
        else:
            if spanning:
                blocks.append(_rows(spanning))
                spanning = []
            band.append(line)
    flush_band()
    if spanning:
        blocks.append(_rows(spanning))
    return blocks


def _continues(run: Sequence[Glyph], glyph: Glyph) -> bool:
    last = run[-1]
    size = max(last.size, glyph.size)
    main = max(run, key=lambda entry: entry.size)
    apart = abs(glyph.base - main.base)
    shifted = min(glyph.size, main.size) < 0.85 * max(glyph.size, main.size) and apart < 0.7 * size
    return (apart < 0.3 * size or shifted) and -0.6 * size < glyph.left - last.right < _CELL_GAP * size


def _line(run: Sequence[Glyph]) -> Line:
    size = max(glyph.size for glyph in run if not glyph.text.isspace())
    base = next(glyph.base for glyph in run if glyph.size == size)
    parts: list[tuple[int, str]] = []
    for glyph in run:
        height = 0
        if glyph.size < 0.85 * size and not glyph.text.isspace():
            height = (glyph.base - base > 0.15 * size) - (base - glyph.base > 0.05 * size)
        if parts and parts[-1][0] == height:
            parts[-1] = (height, parts[-1][1] + glyph.text)
        else:
            parts.append((height, glyph.text))
    text = "".join(
        superscript(part) if height > 0 else subscript(part) if height < 0 else part for height, part in parts
    )
    visible = [glyph for glyph in run if not glyph.text.isspace()]
    return Line(
        text.strip(),
        min(glyph.left for glyph in visible),
        min(glyph.bottom for glyph in visible),
        max(glyph.right for glyph in visible),
        max(glyph.top for glyph in visible),
        size,
        base,
    )


def _joined(lines: Sequence[Line]) -> list[Line]:
    """Lines drawn in several pieces (bold words, say) made whole."""
    done: list[Line] = []
    for line in sorted(lines, key=lambda line: (-round(line.base, 1), line.left)):
        last = done[-1] if done else None
        if (
            last
            and abs(last.base - line.base) < 0.2 * line.size
            and (-0.3 * line.size < line.left - last.right < 0.9 * min(line.size, last.size))
        ):
            gap = (
                " "
                if line.left - last.right > 0.2 * line.size and _latin(last.text[-1:] + line.text[:1])
                else ""
            )
            done[-1] = _union([last, line], last.text + gap + line.text, ())
        else:
            done.append(line)
    return done


def _latin(pair: str) -> bool:
    return any(character.isascii() and character.isalnum() for character in pair)


def _rows(lines: Sequence[Line]) -> list[Line]:
    """Lines from top to bottom; those that stand side by side become one line with cells."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (-line.base, line.left)):
        if rows and abs(rows[-1][0].base - line.base) < 0.4 * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    ordered = [sorted(row, key=lambda line: line.left) for row in rows]
    return [
        row[0]
        if len(row) == 1
        else _union(row, " ".join(cell.text for cell in row), tuple(cell.text for cell in row))
        for row in ordered
    ]


def _union(lines: Sequence[Line], text: str, cells: tuple[str, ...]) -> Line:
    main = max(lines, key=lambda line: line.size)
    return Line(
        text,
        min(line.left for line in lines),
        min(line.bottom for line in lines),
        max(line.right for line in lines),
        max(line.top for line in lines),
        main.size,
        main.base,
        cells,
    )


def _gutter(lines: Sequence[Line]) -> tuple[float, float] | None:
    """The white strip between two columns, as its left and right edge; ``None`` where there is none."""
    if len(lines) < 2 * _MIN_LINES:
        return None
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    edges = sorted({line.right for line in lines} | {line.left for line in lines})
    best: tuple[float, float, float] | None = None
    for low, high in pairwise(edges):
        middle = (low + high) / 2
        if high - low < 4 or not left + 0.2 * (right - left) < middle < right - 0.2 * (right - left):
            continue
        crossing = sum(line.left < middle < line.right for line in lines)
        before = [line for line in lines if line.right <= middle]
        after = [line for line in lines if line.left >= middle]
        if min(len(before), len(after)) < _MIN_LINES or crossing > 0.3 * len(lines):
            continue
        if not (_fills(before) and _fills(after)) or not _side_by_side(before, after):
            continue
        width = high - low
        if best is None or (crossing, -width) < (best[2], best[0] - best[1]):
            best = (low, high, crossing)
    return (best[0], best[1]) if best else None


def _fills(lines: Sequence[Line]) -> bool:
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    widths = sorted(line.right - line.left for line in lines)
    return widths[len(widths) // 2] >= _FILLED * (right - left) and right - left > 8 * lines[0].size


def _side_by_side(before: Sequence[Line], after: Sequence[Line]) -> bool:
    """Whether the two groups share heights, as columns do and a heading above a paragraph does not."""
    low = max(min(line.base for line in before), min(line.base for line in after))
    high = min(max(line.base for line in before), max(line.base for line in after))
    return sum(low <= line.base <= high for line in (*before, *after)) >= 2 * _MIN_LINES
