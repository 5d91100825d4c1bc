"""The risk-coverage curve as an SVG without a library."""

from collections.abc import Sequence

from service.gate.selective import Point

_WIDTH, _HEIGHT, _MARGIN = 480, 320, 48


def curve_svg(curve: Sequence[Point]) -> str:
    """Coverage to the right and risk upwards, both 0 to 1."""

    def place(coverage: float, risk: float) -> str:
        across = _MARGIN + coverage * (_WIDTH - 2 * _MARGIN)
        return f"{across:.1f},{_HEIGHT - _MARGIN - risk * (_HEIGHT - 2 * _MARGIN):.1f}"

    line = " ".join(place(point.coverage, point.risk) for point in curve)
    axes = f"{place(0, 1)} {place(0, 0)} {place(1, 0)}"
    middle = _WIDTH // 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-size="13" '
        f'font-family="sans-serif"><title>Risk by coverage</title>'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>'
        f'<polyline points="{axes}" fill="none" stroke="#444"/>'
        f'<polyline points="{line}" fill="none" stroke="#06c" stroke-width="2"/>'
        f'<text x="{middle}" y="{_HEIGHT - 14}" text-anchor="middle">coverage (0 to 1)</text>'
        f'<text x="16" y="{_HEIGHT // 2}" transform="rotate(-90 16 {_HEIGHT // 2})" '
        f'text-anchor="middle">risk (0 to 1)</text></svg>\n'
    )
