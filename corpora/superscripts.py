"""Raised and lowered text as Unicode: 10 with a raised 4 is 10⁴, never 104.

Formats keep a superscript as formatting, and text extraction drops formatting. In medicine that turns
10⁴ cells into 104 cells, so every reader passes raised and lowered runs through here.
"""

_UP = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_DOWN = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_UP_KEYS = frozenset(map(chr, _UP))
_DOWN_KEYS = frozenset(map(chr, _DOWN))


def superscript(text: str) -> str:
    """Raised ``text``: in superscript characters where all exist, else after ``^``."""
    return _shift(text, _UP, _UP_KEYS, "^")


def subscript(text: str) -> str:
    """Lowered ``text``: in subscript characters where all exist, else as it is.

    Subscripts without a character of their own (Cmax, pKa) read right on the line.
    """
    return _shift(text, _DOWN, _DOWN_KEYS, "")


def _shift(text: str, table: dict[int, int], keys: frozenset[str], mark: str) -> str:
    inner = text.strip()
    if not inner:
        return text
    before, after = text[: text.index(inner)], text[text.index(inner) + len(inner) :]
    shifted = inner.translate(table) if keys.issuperset(inner) else mark + inner
    return before + shifted + after
