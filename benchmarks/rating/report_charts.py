"""The report's charts as inline SVG: bars, heat map, paired lines, differences with intervals.

Colour tells the model (Okabe and Ito's palette, readable with colour blindness), hatching the retrieval arm,
so that an arm is recognised in print. Every figure drawn also stands in a table of the report.
"""

from collections.abc import Sequence
from html import escape

from benchmarks.rating.analysis_results import Analysis, Comparison
from benchmarks.rating.statistics.design import System
from benchmarks.rating.statistics.intervals import Interval

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#666666")
_INK = "#1f2933"
_GRID = "#d9dfe5"
_TOP = 2.0


def label(ja: str, en: str) -> str:
    """Two languages inside an SVG text; the page shows both or one."""
    return (
        f'<tspan class="ja" lang="ja">{escape(ja)}</tspan><tspan class="both"> / </tspan>'
        f'<tspan class="en" lang="en">{escape(en)}</tspan>'
    )


def bars(analysis: Analysis) -> str:
    """Mean of each question by system and arm, with 95 % intervals."""
    systems, questions = analysis.systems, analysis.questions
    bar, gap, left, top, high = 13, 16, 46, 14, 220
    group = bar * len(systems) + gap
    width = max(left + group * len(questions) + 10, 560)
    scores = {(entry.system, entry.question): entry for entry in analysis.means}
    legend, legend_height = _legend(systems, left, top + high + 34, width)
    out = [*_patterns(systems), *_score_axis(left, width - 10, top, high)]
    for q, question in enumerate(questions):
        start = left + gap / 2 + q * group
        for s, system in enumerate(systems):
            entry = scores[system.label, question]
            if entry.mean is None:
                continue
            x, height = start + s * bar, entry.mean / _TOP * high
            title = f"{system.label} {question}: {entry.mean:.2f}"
            out.append(
                f'<rect x="{x:.1f}" y="{top + high - height:.1f}" width="{bar - 2}" height="{height:.1f}" '
                f'fill="{_fill(systems, system)}" stroke="{_colour(systems, system)}">'
                f"<title>{escape(title)}</title></rect>"
            )
            if entry.interval:
                low, upper = (top + high - value / _TOP * high for value in _ends(entry.interval))
                middle = x + (bar - 2) / 2
                out.append(_whisker(middle, low, upper))
        out.append(_text(start + bar * len(systems) / 2, top + high + 17, escape(question), anchor="middle"))
    return _svg(width, top + high + 34 + legend_height, "質問別の平均点 / Mean by question", [*out, *legend])


def heat_map(analysis: Analysis) -> str:
    """Mean of every question and system; dark is high."""
    systems, questions = analysis.systems, analysis.questions
    longest = max(_width(system.label) for system in systems)
    cell, row, left = max(58, min(longest + 14, 150)), 28, 22 + max(_width(name) for name in questions)
    top = 30
    scores = {(entry.system, entry.question): entry.mean for entry in analysis.means}
    out = []
    for s, system in enumerate(systems):
        middle = left + s * cell + cell / 2
        out.append(_text(middle, top - 10, escape(_cut(system.label, cell)), anchor="middle"))
    for q, question in enumerate(questions):
        y = top + q * row
        out.append(_text(left - 8, y + 19, escape(question), anchor="end"))
        for s, system in enumerate(systems):
            mean = scores[system.label, question]
            x = left + s * cell
            if mean is None:
                fill, ink, shown = "#f1f1f1", "#667", "–"
            else:
                fill, shown = _shade(mean / _TOP), f"{mean:.2f}"
                ink = "#fff" if mean / _TOP > 0.55 else _INK
            out.append(
                f'<rect x="{x}" y="{y}" width="{cell - 2}" height="{row - 2}" fill="{fill}">'
                f"<title>{escape(f'{system.label} {question}: {shown}')}</title></rect>"
            )
            out.append(_text(x + cell / 2 - 1, y + 18, shown, anchor="middle", fill=ink))
    width = max(left + cell * len(systems) + 6, 320)
    return _svg(width, top + row * len(questions) + 6, "質問×系の平均点 / Mean by question and system", out)


def paired_lines(analysis: Analysis) -> str:
    """One panel for each model: every case's mean without and with retrieval, joined."""
    means = {(entry.case, entry.system): entry.mean for entry in analysis.case_means}
    panel, gap, left, top, high = 190, 26, 46, 34, 220
    width = max(left + len(analysis.retrieval_pairs) * (panel + gap) + 10, 320)
    out = _score_axis(left, width - 10, top, high)

    def y(value: float) -> float:
        return top + high - value / _TOP * high

    for place, (without, with_it) in enumerate(analysis.retrieval_pairs):
        one, other = left + place * (panel + gap) + 36, left + place * (panel + gap) + panel - 14
        pairs = [
            (case, means[case, without], means[case, with_it])
            for case in analysis.cases
            if (case, without) in means and (case, with_it) in means
        ]
        for case, before, after in pairs:
            colour = "#009E73" if after > before else "#D55E00" if after < before else "#8a94a0"
            out.append(
                f'<g stroke="{colour}" fill="{colour}"><line x1="{one}" y1="{y(before):.1f}" x2="{other}" '
                f'y2="{y(after):.1f}" stroke-width="1.2" opacity="0.75"/>'
                f'<circle cx="{one}" cy="{y(before):.1f}" r="2.6"/>'
                f'<circle cx="{other}" cy="{y(after):.1f}" r="2.6"/>'
                f"<title>{escape(f'{case}: {before:.2f} → {after:.2f}')}</title></g>"
            )
        if pairs:
            before = sum(pair[1] for pair in pairs) / len(pairs)
            after = sum(pair[2] for pair in pairs) / len(pairs)
            out.append(
                f'<line x1="{one}" y1="{y(before):.1f}" x2="{other}" y2="{y(after):.1f}" stroke="{_INK}" '
                'stroke-width="3.5"/>'
            )
        middle = (one + other) / 2
        out.append(_text(middle, top - 14, escape(_cut(with_it, panel)), anchor="middle", bold=True))
        out.append(_text(one, top + high + 18, label("検索なし", "without"), anchor="middle"))
        out.append(_text(other, top + high + 18, label("あり", "with"), anchor="middle"))
    return _svg(width, top + high + 28, "検索なし・ありの対応 / Paired, without and with retrieval", out)


def retrieval_differences(analysis: Analysis) -> str:
    """With minus without retrieval on each question, 95 % interval; filled marks are shown differences."""
    rows = [
        row
        for pair in analysis.retrieval_pairs
        for row in analysis.comparisons
        if (row.first, row.second) == pair and row.difference is not None
    ]
    left, right, top, line = 170, 620, 26, 19
    reach = max([0.5, *(abs(end) for row in rows for end in _reach(row))])

    def x(value: float) -> float:
        return left + (value / reach + 1) / 2 * (right - left)

    height = top + line * len(rows) + 34
    out = [
        f'<line x1="{x(0):.1f}" y1="{top - 8}" x2="{x(0):.1f}" y2="{height - 28}" stroke="{_INK}"/>',
        _text(
            x(0), height - 10, label("差（あり − なし、点）", "difference (with − without)"), anchor="middle"
        ),
    ]
    out += [
        _text(x(value), top - 12, f"{value:+.1f}" if value else "0", anchor="middle")
        for value in (-reach, 0, reach)
    ]
    for place, row in enumerate(rows):
        y = top + place * line + 8
        name = f"{row.second} {row.question or '全体 / all'}"
        out.append(
            _text(left - 8, y + 4, escape(_cut(name, left - 10)), anchor="end", bold=row.question is None)
        )
        if row.interval:
            low, upper = (x(end) for end in _ends(row.interval))
            out.append(f'<line x1="{low:.1f}" y1="{y}" x2="{upper:.1f}" y2="{y}" stroke="#52606d"/>')
        fill = "#0072B2" if row.shown else "#fff"
        out.append(
            f'<circle cx="{x(row.difference or 0):.1f}" cy="{y}" r="4" fill="{fill}" stroke="#0072B2"/>'
        )
    return _svg(right + 20, height, "質問別の検索の効果 / Effect of retrieval by question", out)


def _reach(row: Comparison) -> tuple[float, ...]:
    return _ends(row.interval) if row.interval else (row.difference or 0.0,)


def _ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


def _models(systems: Sequence[System]) -> list[str]:
    return list(dict.fromkeys(system.model for system in systems))


def _colour(systems: Sequence[System], system: System) -> str:
    return _COLOURS[_models(systems).index(system.model) % len(_COLOURS)]


def _pattern_id(systems: Sequence[System], system: System) -> str:
    return f"hatch{systems.index(system)}"


def _fill(systems: Sequence[System], system: System) -> str:
    return f"url(#{_pattern_id(systems, system)})" if system.arm else _colour(systems, system)


def _patterns(systems: Sequence[System]) -> list[str]:
    """Hatching for every arm: arms of one model turn it by 45° each."""
    out = []
    for system in systems:
        if system.arm:
            arms = sorted({other.arm for other in systems if other.arm})
            colour, turn = _colour(systems, system), 45 * (1 + arms.index(system.arm))
            out.append(
                f'<pattern id="{_pattern_id(systems, system)}" width="5" height="5" '
                f'patternUnits="userSpaceOnUse" patternTransform="rotate({turn})">'
                f'<rect width="5" height="5" fill="#fff"/><rect width="2.2" height="5" fill="{colour}"/>'
                "</pattern>"
            )
    return ["<defs>", *out, "</defs>"] if out else []


def _legend(systems: Sequence[System], left: float, top: float, width: float) -> tuple[list[str], float]:
    out, x, y = [], left, top
    for system in systems:
        needed = 34 + _width(system.label)
        if x + needed > width and x > left:
            x, y = left, y + 20
        out.append(
            f'<rect x="{x}" y="{y}" width="13" height="13" fill="{_fill(systems, system)}" '
            f'stroke="{_colour(systems, system)}"/>'
        )
        out.append(_text(x + 19, y + 11, escape(system.label)))
        x += needed
    return out, y - top + 24


def _score_axis(left: float, right: float, top: float, high: float) -> list[str]:
    """Lines at 0, 0.5, …, 2 with their values."""
    out = []
    for step in range(5):
        y = top + high - step / 4 * high
        out.append(f'<line x1="{left}" y1="{y}" x2="{right}" y2="{y}" stroke="{_GRID}"/>')
        out.append(_text(left - 6, y + 4, f"{step / 2:g}", anchor="end"))
    out.append(
        f'<text transform="translate(12 {top + high / 2}) rotate(-90)" text-anchor="middle">'
        f"{label('平均点', 'mean score')}</text>"
    )
    return out


def _whisker(x: float, low: float, high: float) -> str:
    return (
        f'<path d="M{x - 2.5:.1f} {low:.1f}h5M{x:.1f} {low:.1f}V{high:.1f}M{x - 2.5:.1f} {high:.1f}h5" '
        f'stroke="{_INK}" fill="none"/>'
    )


def _shade(share: float) -> str:
    """White to dark blue."""
    mixed = [round(light + (dark - light) * share) for light, dark in ((247, 8), (251, 69), (255, 140))]
    return f"rgb({','.join(map(str, mixed))})"


def _width(text: str) -> float:
    """Rough width in pixels at 12 px: wide characters count twice."""
    return sum(12.0 if ord(character) > 0x2E7F else 7.0 for character in text)


def _cut(text: str, width: float) -> str:
    if _width(text) <= width:
        return text
    while text and _width(text) > width - 8:
        text = text[:-1]
    return text + "…"


def _text(
    x: float, y: float, content: str, *, anchor: str = "start", fill: str = _INK, bold: bool = False
) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}"{weight}>{content}</text>'


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'style="max-width:{width:.0f}px" role="img" aria-label="{escape(title)}" font-size="12">'
        f"{''.join(parts)}</svg>"
    )
