"""Shown text with the widths of its characters levelled, and nothing else.

NFKC would make 10⁴ into 104, m² into m2 and ½ into 1⁄2, so no figure is ever read from text folded that way.
Here full-width ASCII becomes ASCII, half-width katakana full-width, and the one-character units (㎎) letters;
superscripts, subscripts and fractions stay as they are.
"""

import re
import unicodedata

_SQUARE = dict(zip("㎎㎍㎏㎖㏄㎜㎝㎞ℓ", ["mg", "μg", "kg", "mL", "cc", "mm", "cm", "km", "L"], strict=True))
_HALF_WIDTH = re.compile(r"[\uff61-\uff9f]+")
_TABLE = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "‐‑‒–—―−－"), "-"),
    **dict.fromkeys(map(ord, "～~〜∼"), "〜"),
    **dict.fromkeys(map(ord, "\u3000\u00a0\u2009\u202f\t"), " "),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), None),
    **{ord(square): spelt for square, spelt in _SQUARE.items()},
    ord("㎡"): "m²",
    ord("㎥"): "m³",
    ord("µ"): "μ",
    ord("º"): "°",
    ord("≧"): "≥",
    ord("≦"): "≤",
}


def level(text: str) -> str:
    """NFC, widths and dashes levelled; line breaks and white space runs as one space.

    A space between two Japanese characters, or between one and a letter, separates nothing and is dropped.
    """
    text = _HALF_WIDTH.sub(
        lambda run: unicodedata.normalize("NFKC", run[0]), unicodedata.normalize("NFC", text)
    )
    text = re.sub(r"\s+", " ", text.translate(_TABLE)).strip()
    return re.sub(rf"(?<={_WIDE}) | (?={_WIDE})", "", text)


_WIDE = r"[\u3000-\u30ff\u3400-\u9fff]"
