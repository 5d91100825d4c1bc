"""One width and no decoration, for matching only: what is reported stays as the model wrote it."""

import re
import unicodedata

CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺"
_KEPT = frozenset(CIRCLED + _RAISED)  # NFKC would write 3 for ③ and 104 for 10⁴

_DECORATION = re.compile(r"\*\*|__|`+|^\s{0,3}(?:#{1,6}|>)\s+|\*(?=\S)|(?<=\S)\*", re.MULTILINE)
_LATEX = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mathit|textrm)\s*\{([^{}]*)\}")
_DASHES = str.maketrans({"−": "-", "﹣": "-", "‐": "-", "‑": "-", "〜": "~", "～": "~", "’": "'", "‘": "'"})


def fold(text: str) -> str:
    """NFKC character by character (circled and raised digits stay), without Markdown and LaTeX fonts."""
    folded = "".join(char if char in _KEPT else unicodedata.normalize("NFKC", char) for char in text)
    folded = unicodedata.normalize("NFC", folded).translate(_DASHES)
    folded = _LATEX.sub(r"\1", folded).replace("\\(", "").replace("\\)", "").replace("$", "")
    return _DECORATION.sub("", folded.replace("\u200b", "").replace("\ufeff", "")).strip()


def bare(text: str) -> str:
    """Folded, lower case, without white space and outer punctuation: two spellings of a text are equal."""
    return re.sub(r"\s+", "", fold(text)).casefold().strip("。.、,「」『』\"'“”()[]:;!")
