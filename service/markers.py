"""Citation markers in a model's text: read them, and let none through that cites nothing retrieved.

Models write keys in many brackets (``[E1]``, ``[E1, E2]``, ``【E1】``, ``［Ｅ１］``, ``[E1-E3]``,
``[根拠E1]``); all come out as ``[E1]``, one bracket a key. Round brackets are left alone:
エストラジオール(E2) and PGE1 are medicine, not citations.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, field

_OPEN, _CLOSE = r"\[［【〔", r"\]］】〕"  # as they stand inside a character class
_LONGEST = 200
"""Characters inside a marker's brackets, at most. A bracket that stays open longer is text."""

_BRACKET = re.compile(rf"[ \t]*[{_OPEN}]([^{_OPEN}{_CLOSE}\n]{{1,{_LONGEST}}})[{_CLOSE}]")
_UNFINISHED = re.compile(rf"(?:\s+|\s*[{_OPEN}][^{_OPEN}{_CLOSE}\n]{{0,{_LONGEST}}})\Z")
_OPENED = re.compile(rf"\s*[{_OPEN}]([^\n]*)\Z")
_KEY = r"[EeＥｅ]\s?([0-9０-９]{1,4})"
_RANGE = re.compile(rf"{_KEY}\s*[-–—~〜～]\s*(?:[EeＥｅ]\s?)?([0-9０-９]{{1,4}})")
_ONE = re.compile(_KEY)
_FILLER = re.compile(
    r"(?:[\s,、，;；・/:：&＆と.]|および|及び|参照|根拠|資料|出典|文献|evidence|sources?|see|and|keys?|ref)*",
    re.I,
)

_ANNOTATED = re.compile(rf"{_FILLER.pattern}{_KEY}\s*[:：,、;；（(「]", re.I)
"""A key with a note in the same bracket, 「[E1: 診療ガイドライン]」: a citation all the same."""

_JOINS = re.compile(rf"(?:[{_OPEN}][^{_OPEN}{_CLOSE}\n]{{0,{_LONGEST}}}|[<!:/(.]\s*)\Z")
"""Text before a marker that must not meet the text after it: together they may be a marker or markup."""

MARKER = re.compile(r"\[(E[0-9]+)\]")
"""A marker as it leaves this module."""


def keys_in(text: str) -> tuple[str, ...]:
    """The keys a cleaned text cites, in order, each once."""
    return tuple(dict.fromkeys(MARKER.findall(text)))


def without_markers(text: str) -> str:
    """The text alone."""
    return re.sub(rf"[ \t]*{MARKER.pattern}", "", text)


def _cited(inside: str) -> list[str] | None:
    """The keys a bracket cites, or ``None`` if it is no marker but part of the text."""
    if not _ONE.search(inside):
        return None
    keys: list[str] = []

    def spell_out(match: re.Match[str]) -> str:
        first, last = int(match[1]), int(match[2])
        keys.extend(f"E{number}" for number in range(first, min(last, first + 50) + 1))
        return ""

    def take(match: re.Match[str]) -> str:
        keys.append(f"E{int(match[1])}")
        return ""

    rest = _ONE.sub(take, _RANGE.sub(spell_out, inside))
    return keys if _FILLER.fullmatch(rest) or _ANNOTATED.match(inside) else None


@dataclass
class MarkerFilter:
    """Rewrites a text, whole or piece by piece, so that it cites known keys only and has no outer space.

    What may become a marker is held back until its bracket closes, so a streamed text never shows a
    key that is then withdrawn, and equals the same text filtered whole.

    Attributes:
        known: Keys that may be cited.
        removed: How many citations of unknown keys were taken out so far.
    """

    known: Container[str]
    removed: int = 0
    _held: str = field(default="", repr=False)
    _started: bool = field(default=False, repr=False)
    _tail: str = field(default="", repr=False)

    def feed(self, piece: str) -> str:
        """The part of the text that is settled now."""
        text = self._held + piece
        unfinished = _UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return self._settled(text[:cut])

    def finish(self) -> str:
        """The rest. A bracket that never closed and would have cited is dropped."""
        rest, self._held = self._held, ""
        opened = _OPENED.match(rest)
        if opened and _cited(opened[1]):
            self.removed += 1
            return ""
        return self._settled(rest.rstrip())

    def _settled(self, text: str) -> str:
        text = _BRACKET.sub(self._rewrite, text)
        if not self._started:
            text = text.lstrip()
            self._started = bool(text)
        self._tail = (self._tail + text)[-_LONGEST - 2 :]
        return text

    def _rewrite(self, match: re.Match[str]) -> str:
        keys = _cited(match[1])
        if keys is None:
            return match[0]
        known = [key for key in dict.fromkeys(keys) if key in self.known]
        self.removed += len(dict.fromkeys(keys)) - len(known)
        if not known and _JOINS.search(self._tail + match.string[: match.start()]):
            return "…"
        return "".join(f"[{key}]" for key in known)


def filtered(text: str, known: Container[str]) -> tuple[str, int]:
    """The whole text with known keys only, and how many citations were taken out."""
    markers = MarkerFilter(known)
    cleaned = markers.feed(text) + markers.finish()
    return cleaned, markers.removed
