"""The report's charts as inline SVG. Every figure drawn also stands in a table."""

from collections.abc import Sequence
from html import escape

from benchmarks.reports.paired import Interval
from benchmarks.reports.results import ArmSummary, Comparison

_INK, _GRID, _MUTED = "#1f2933", "#d9dfe5", "#52606d"
_COLOURS = {"closed_book": "#666666", "single": "#0072B2", "stepwise": "#D55E00", "iterative": "#009E73"}
_LINE = 22
_LEFT, _RIGHT = 330, 820


def accuracies(arms: Sequence[ArmSummary]) -> str:
    """Every arm's accuracy with its interval, task by task; colour tells the strategy."""
    rows: list[str] = []
    y = 28.0
    for task in dict.fromkeys(arm.task for arm in arms):
        rows.append(_text(6, y + 4, escape(task), bold=True))
        y += _LINE
        for arm in (one for one in arms if one.task == task):
            colour = _COLOURS.get(arm.strategy, _INK)
            rows.append(_text(_LEFT - 10, y + 4, escape(_cut(arm.arm, 42)), anchor="end"))
            if arm.interval:
                rows.append(_whisker(_share(arm.interval.low), _share(arm.interval.high), y))
            title = f"{arm.arm}, {arm.task}: {arm.accuracy:.3f} (n = {arm.n})"
            rows.append(_dot(_share(arm.accuracy), y, colour, title))
            y += _LINE
        y += 6
    axis = []
    for tick in range(5):
        x = _share(tick / 4)
        axis.append(f'<line x1="{x:.1f}" y1="18" x2="{x:.1f}" y2="{y:.0f}" stroke="{_GRID}"/>')
        axis.append(_text(x, y + 16, f"{tick / 4:.2f}", anchor="middle"))
    return _svg(y + 26, "正答率と95 %区間 / Accuracy with 95 % interval", [*axis, *rows])


def forest(comparisons: Sequence[Comparison], margin: float) -> str:
    """Differences with their intervals; the band is the margin of equivalence."""
    reach = max([0.1, margin * 1.5, *(abs(end) for one in comparisons for end in _ends(one))])

    def x(value: float) -> float:
        return _LEFT + (value / reach + 1) / 2 * (_RIGHT - _LEFT)

    y = 34.0
    rows: list[str] = []
    for task in dict.fromkeys(one.task for one in comparisons):
        rows.append(_text(6, y + 4, escape(task), bold=True))
        y += _LINE
        for one in (entry for entry in comparisons if entry.task == task):
            found = one.difference
            rows.append(_text(_LEFT - 10, y + 4, escape(_cut(_pair(one), 46)), anchor="end"))
            if found.interval:
                rows.append(_whisker(x(found.interval.low), x(found.interval.high), y))
            decided = one.holm_p is not None and one.holm_p < 0.05
            title = f"{one.second} − {one.first}: {found.difference:+.3f}"
            rows.append(_dot(x(found.difference), y, "#0072B2" if decided else "#fff", title, edge="#0072B2"))
            y += _LINE
        y += 6
    ticks = [
        _text(x(value), 16, f"{value:+.2f}" if value else "0", anchor="middle")
        for value in (-reach, 0, reach)
    ]
    band = (
        f'<rect x="{x(-margin):.1f}" y="22" width="{x(margin) - x(-margin):.1f}" height="{y - 22:.0f}" '
        f'fill="#eef3f8"/><line x1="{x(0):.1f}" y1="22" x2="{x(0):.1f}" y2="{y:.0f}" stroke="{_INK}"/>'
    )
    return _svg(y + 8, "検索の効果(差と95 %区間) / Differences with 95 % interval", [band, *ticks, *rows])


def pairs(comparisons: Sequence[Comparison]) -> str:
    """For each comparison, what both arms made of the items: both right, fixed, broken, both wrong."""
    parts = (
        ("#9fb8ad", "両方正答 / both right"),
        ("#0072B2", "改善 / fixed"),
        ("#D55E00", "悪化 / broken"),
        ("#e5e8eb", "両方誤答 / both wrong"),
    )
    rows: list[str] = []
    place = _LEFT - 200.0
    for colour, name in parts:
        rows.append(f'<rect x="{place:.0f}" y="4" width="12" height="12" fill="{colour}"/>')
        rows.append(_text(place + 17, 14, escape(name)))
        place += 175
    y = 34.0
    for one in comparisons:
        found = one.difference
        both = round(found.first * found.items) - found.broken
        counts = (both, found.fixed, found.broken, found.items - both - found.fixed - found.broken)
        label = _cut(f"{one.task}: {one.second}", 46)
        rows.append(_text(_LEFT - 10, y + 4, escape(label), anchor="end"))
        at = float(_LEFT)
        for (colour, name), count in zip(parts, counts, strict=True):
            width = max(0, count) / max(found.items, 1) * (_RIGHT - _LEFT)
            title = escape(f"{name}: {count}")
            rows.append(
                f'<rect x="{at:.1f}" y="{y - 8:.1f}" width="{width:.1f}" height="16" fill="{colour}">'
                f"<title>{title}</title></rect>"
            )
            if width > 24 and count:
                ink = "#fff" if colour in ("#0072B2", "#D55E00") else _INK
                rows.append(_text(at + width / 2, y + 4, str(count), anchor="middle", fill=ink))
            at += width
        y += _LINE
    return _svg(y + 4, "対応のある比較 / Paired outcomes", rows)


def _pair(one: Comparison) -> str:
    """``second − first``; what both have in common is said once."""
    first, second = one.first.split("/"), one.second.split("/")
    if len(first) == len(second) == 3 and (first[0], first[2]) == (second[0], second[2]):
        return f"{second[0]} ({second[2]}): {second[1]} − {first[1]}"
    return f"{one.second} − {one.first}"


def _ends(one: Comparison) -> tuple[float, ...]:
    found: Interval | None = one.difference.interval
    return (found.low, found.high) if found else (one.difference.difference,)


def _share(value: float) -> float:
    return _LEFT + value * (_RIGHT - _LEFT)


def _whisker(low: float, high: float, y: float) -> str:
    return (
        f'<path d="M{low:.1f} {y - 4:.1f}v8M{low:.1f} {y:.1f}H{high:.1f}M{high:.1f} {y - 4:.1f}v8" '
        f'stroke="{_MUTED}" fill="none"/>'
    )


def _dot(x: float, y: float, fill: str, title: str, edge: str | None = None) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{fill}" stroke="{edge or fill}">'
        f"<title>{escape(title)}</title></circle>"
    )


def _text(
    x: float, y: float, content: str, *, anchor: str = "start", fill: str = _INK, bold: bool = False
) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}"{weight}>{content}</text>'


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"


def _svg(height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_RIGHT + 30} {height:.0f}" '
        f'style="max-width:{_RIGHT + 30}px" role="img" aria-label="{escape(title)}" font-size="12">'
        f"{''.join(parts)}</svg>"
    )
