"""Small bar charts as numbers for SVG: no script, no style, so nothing for a content policy to forbid."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT, STEP, WIDTH = 60, 12, 9
"""User units of the drawing: its height, and a bar's place and breadth."""


@dataclass(frozen=True)
class Bar:
    """One bar from the bottom up; in a stack the next one stands on it."""

    x: int
    y: float
    height: float
    kind: str


@dataclass(frozen=True)
class Chart:
    """Bars in a drawing ``width`` x `HEIGHT`; ``top`` is the value that its height stands for."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    top: float


def stacked(days: Sequence[Sequence[tuple[str, float | None]]], top: float | None = None) -> Chart:
    """A column a day, its parts one on the other, by kind; ``None`` draws nothing.

    Args:
        top: The value of the full height; the highest column's where it is not given.
    """
    sums = [sum(value or 0 for _, value in parts) for parts in days]
    full = top or max([*sums, 1])
    bars = []
    for number, parts in enumerate(days):
        bottom = float(HEIGHT)
        for kind, value in parts:
            height = round(HEIGHT * min(value or 0, full) / full, 2)
            if height:
                bottom -= height
                bars.append(Bar(number * STEP, round(bottom, 2), height, kind))
    return Chart(tuple(bars), max(len(days), 1) * STEP, HEIGHT, full)
