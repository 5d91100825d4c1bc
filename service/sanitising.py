"""Text of documents and models made harmless: no markup, no address, no hidden character, no prompt.

A model may repeat what a document told it to write. Its text is changed here, before anything is compared or
shown, so that offsets of claims belong to what is shown. Widths are levelled when claims are compared.
"""

import re
import secrets
from dataclasses import dataclass, field

from service.questions import Language
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
_LINK = re.compile(r"!(?=\[)|(?<=\])\((?=[^)\n]{0,200}[/.:#]|[^)\n]{201})")
_UNDECIDED = re.compile(r"(?:<\s*|:/?|\.|/{1,2}|!|(?<=\])\([^)\n]{0,201}|\])\Z")
"""The end of a text whose meaning what follows decides."""

_WIDE = {"<": "＜", ":": "：", ".": "．", "/": "／", "!": "！", "(": "（"}
CUT = "…"
"""Stands where something was cut, so that what was around it does not meet."""

_CONTEXT = 16
"""Characters kept of what is settled: longer than any word that makes an address of what follows."""

_SHINGLE: dict[Language, int] = {"ja": 24, "en": 48}


def _rules(language: Language) -> list[str]:
    """What both system prompts say, without the one sentence that an answer may repeat."""
    words = WORDING[language]
    return [
        part
        for rules in (words.grounded_rules, words.closed_book_rules)
        for part in _levelled(rules).split(_levelled(INSUFFICIENT[language]))
    ]


def _shingles() -> dict[int, frozenset[str]]:
    return {
        size: frozenset(
            part[at : at + size] for part in _rules(language) for at in range(len(part) - size + 1)
        )
        for language, size in _SHINGLE.items()
    }


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

    Only what may become an address, markup or a repeated rule is held back, most often a few characters.

    Attributes:
        leaks: How often the canary or a long stretch of our rules was cut.
    """

    leaks: int = 0
    _held: str = field(default="", repr=False)
    _settled: str = field(default="", repr=False)

    def feed(self, piece: str) -> str:
        """The part that is settled."""
        text = self._harmless(piece)
        before = len(self._settled)
        undecided = _UNDECIDED.search(self._settled + text, before)
        keep = min(undecided.start() - before if undecided else len(text), _repeating_from(text))
        return self._settle(text[:keep], text[keep:])

    def finish(self) -> str:
        """The rest."""
        return self._settle(self._harmless(""), "")

    def _harmless(self, piece: str) -> str:
        before = len(self._settled)
        return self._cut(neutral(self._settled + self._held + HIDDEN.sub("", piece))[before:])

    def _settle(self, text: str, held: str) -> str:
        self._held = held
        self._settled = (self._settled + text)[-_CONTEXT:]
        return text

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
_LONGEST_SHINGLE = max(_SHINGLES)
_REPEATABLE = "\0".join([CANARY, *(part for language in _SHINGLE for part in _rules(language))])


def _repeating_from(text: str) -> int:
    """Where the longest end of the text begins that our rules hold too; the text's length if none does."""
    longest = min(len(text), _LONGEST_SHINGLE)
    return next((len(text) - n for n in range(longest, 0, -1) if text[-n:] in _REPEATABLE), len(text))
