"""Text of documents and models made harmless: no markup, no address, no hidden character, no prompt.

A model may repeat what a document told it to write. Its text is changed here, before anything is compared or
shown, so that offsets of claims belong to what is shown. Widths are levelled when claims are compared.
"""

import re
import secrets
from dataclasses import dataclass, field

from service.wording import INSUFFICIENT, WORDING

CANARY = f"ref-{secrets.token_hex(8)}"
"""Stands in every system prompt of this process, and nowhere else; one, so that prefixes are shared."""

HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Zero-width, bidirectional, tag and variation characters."""

_TAG = re.compile(r"<(?=\s*[|/!?A-Za-z])")
_SCHEME = re.compile(
    r"(?<=[A-Za-z]):(?=//)|(?<=javascript):|(?<=vbscript):|(?<=mailto):|(?<=data):(?=\S)", re.I
)
_BARE = re.compile(r"(?<=www)\.(?=\w)|(?<![:/])/(?=/\w)", re.I)
_LINK = re.compile(r"!(?=\[)|(?<=\])\((?=[^)\n]*[/.:#])")
_WIDE = {"<": "＜", ":": "：", ".": "．", "/": "／", "!": "！", "(": "（"}
CUT = "…"
"""Stands where something was cut, so that what was around it does not meet."""

_LOOK_AHEAD = 96
"""Characters held back while a text streams: longer than the canary and any shingle."""

_SHINGLE = {"ja": 24, "en": 48}


def _shingles() -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    for language, size in _SHINGLE.items():
        words = WORDING[language]  # type: ignore[index]
        parts = [
            part
            for rules in (words.grounded_rules, words.closed_book_rules)
            for part in _levelled(rules).split(_levelled(INSUFFICIENT[language]))  # type: ignore[index]
        ]
        found[size] = frozenset(part[at : at + size] for part in parts for at in range(len(part) - size + 1))
    return found


def _levelled(text: str) -> str:
    return text.replace("<", "＜")


def neutral(text: str) -> str:
    """Without hidden characters, and with markup and addresses that nothing can open."""
    text = HIDDEN.sub("", text)
    for pattern in (_TAG, _SCHEME, _BARE, _LINK):
        text = pattern.sub(lambda match: _WIDE[match[0]], text)
    return text


def fenced(text: str) -> str:
    """A passage for a prompt: no hidden character, no tag and no token of a chat template."""
    return re.sub(r"\[(?=/?(?:INST|SYS)\b)", "［", _TAG.sub("＜", HIDDEN.sub("", text)))


@dataclass
class Sanitiser:
    """Makes a text harmless, whole or piece by piece.

    Attributes:
        leaks: How often the canary or a long stretch of our rules was cut.
    """

    leaks: int = 0
    _held: str = field(default="", repr=False)

    def feed(self, piece: str) -> str:
        """The part that is settled."""
        self._held = self._cut(neutral(self._held + piece))
        keep = max(0, len(self._held) - _LOOK_AHEAD)
        settled, self._held = self._held[:keep], self._held[keep:]
        return settled

    def finish(self) -> str:
        """The rest."""
        rest, self._held = self._cut(neutral(self._held)), ""
        return rest

    def _cut(self, text: str) -> str:
        if CANARY in text:
            self.leaks += text.count(CANARY)
            text = text.replace(CANARY, CUT)
        for size, shingles in _SHINGLES.items():
            drop: set[int] = set()
            for at in range(len(text) - size + 1):
                if text[at : at + size] in shingles:
                    drop.update(range(at, at + size))
            if drop:
                self.leaks += 1
                text = "".join(
                    (CUT if at - 1 not in drop else "") if at in drop else character
                    for at, character in enumerate(text)
                )
        return text


_SHINGLES = _shingles()
