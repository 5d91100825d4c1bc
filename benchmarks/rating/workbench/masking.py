"""Answers without what would tell which system wrote them, as far as that can be taken away.

Taken away: citation markers, web addresses, names of the systems, evidence (never shown at all), and white
space that formats leave. What stays guessable is the writing itself: its length and style, wording like
「資料によると」, and the fixed sentence of an abstention. `tells` counts these, for whoever plans the study.
"""

import re
import unicodedata
from collections.abc import Iterable

from service.markers import filtered
from service.wording import INSUFFICIENT

_KEY = r"[EＥ][0-9０-９]{1,3}"
_ROUND = re.compile(rf"\s*[(（]\s*(?:根拠|資料|出典)\s*{_KEY}(?:\s*[,、]\s*{_KEY})*\s*[)）]")
"""「(E2)」 alone stays: エストラジオール(E2) is medicine."""

_ADDRESS = re.compile(r"https?://[^\s<>「」、。()（）]+")
_TOLD = re.compile(r"資料|根拠文献|出典|文献|エビデンス|evidence|according to the (?:source|passage)", re.I)

NAME = "■■"
"""In place of a system's name."""


def masked(text: str, names: Iterable[str] = ()) -> str:
    """The text as raters see it."""
    plain, _ = filtered(text, ())
    plain = _ADDRESS.sub("", _ROUND.sub("", plain))
    for part in sorted({part for name in names for part in _parts(name)}, key=len, reverse=True):
        plain = re.sub(re.escape(part), NAME, plain, flags=re.I)
    plain = unicodedata.normalize("NFC", plain)
    plain = "\n".join(re.sub(r"[ \t　]+$", "", line) for line in plain.splitlines())
    return re.sub(r"\n{3,}", "\n\n", plain).strip() or "(回答なし)"


def tells(text: str) -> list[str]:
    """What in a masked text may still tell that it was written from retrieved passages."""
    found = [match.group() for match in _TOLD.finditer(text)]
    return [*found, *(["abstention"] if text.strip() in INSUFFICIENT.values() else [])]


def _parts(name: str) -> list[str]:
    """A system's name and the model's name in it; words shorter than four letters may be common ones."""
    return [part for part in (name, name.partition("+")[0]) if len(part) >= 4]
