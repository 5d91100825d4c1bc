"""Analysis: a text into the terms it is found by. The same object serves build and query.

MeCab (through fugashi) with unidic-lite gives each word its lemma, so that 認めた finds 認める and
アンモニア is found however it is inflected around. The dictionary is named explicitly: fugashi alone
would take the full ``unidic`` wherever that happens to be installed, and the terms would differ.
"""

import threading
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import fugashi
import unidic_lite

from corpora import Frozen
from indexer.folding import fold

RULES = "1"
"""Version of folding, filter and joining below: raise it with any change that alters a term."""

_RC = Path(__file__).parent / "mecab.rc"
_DROPPED = frozenset({"助詞", "助動詞", "補助記号", "空白"})


class AnalyzerIdentity(Frozen):
    """What decides the terms. Two equal identities give equal terms for every text."""

    name: str
    dictionary: str
    dictionary_version: str
    rules: str


class Analyzer(Protocol):
    """Turns text into terms, for the index and for the query alike."""

    @property
    def identity(self) -> AnalyzerIdentity: ...

    def terms(self, text: str) -> list[str]:
        """The terms of ``text`` in its order, repeated as often as they occur. Never raises."""
        ...


class Word(NamedTuple):
    """One word as MeCab cut it.

    Attributes:
        spaced: White space stands before it.
        term: What it is found by; ``None`` if it is not indexed.
        numeric: It can begin a number or a power: ASCII letters or digits.
    """

    surface: str
    spaced: bool
    term: str | None
    numeric: bool


class MeCabAnalyzer:
    """Lemmas of the content words; particles, auxiliaries, symbols and spaces are dropped.

    Thread-safe, and usable after a fork or in a pickle: each thread opens a tagger of its own (0.7 ms
    once the dictionary is in memory).
    """

    def __init__(self) -> None:
        self._local = threading.local()
        self._words: dict[str, Word] = {}

    @property
    def identity(self) -> AnalyzerIdentity:
        return AnalyzerIdentity(
            name="mecab", dictionary="unidic-lite", dictionary_version=version("unidic-lite"), rules=RULES
        )

    def terms(self, text: str) -> list[str]:
        """The terms of ``text``, in order: lower-case lemmas, the surface where there is no lemma."""
        return terms_of(self._parse(fold(text)))

    def _parse(self, folded: str) -> list[Word]:
        tagger = getattr(self._local, "tagger", None)
        if tagger is None:
            tagger = self._local.tagger = fugashi.GenericTagger(
                f'-r "{_RC}" -d "{unidic_lite.DICDIR}" -O jmedqa'
            )
        words = self._words
        parsed: list[Word] = []
        for line in tagger.parse(folded).split("\n"):
            known = words.get(line)
            if known is None:
                if not line:
                    continue
                if len(words) >= 500_000:  # some 150 MB; a corpus has far fewer words
                    words.clear()
                known = words[line] = _word(line)
            parsed.append(known)
        return parsed

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]


def make_analyzer() -> Analyzer:
    """The analyzer of every index. Loads no dictionary."""
    return MeCabAnalyzer()


def _word(line: str) -> Word:
    pos, lemma, spaced_surface = line.split("\t", 2)
    surface = spaced_surface.lstrip()
    return word(surface, pos, lemma, spaced=len(surface) < len(spaced_surface))


def word(surface: str, pos: str, lemma: str | None, *, spaced: bool) -> Word:
    """Apply the filter and pick the term of one word.

    Args:
        pos: The first level of UniDic's part of speech.
        lemma: UniDic's; empty, ``None`` or ``*`` where the word is not in the dictionary.
    """
    numeric = surface.isascii() and surface.isalnum()
    if pos in _DROPPED or not any(map(str.isalnum, surface)):
        return Word(surface, spaced, None, numeric)
    if not lemma or lemma == "*":
        return Word(surface, spaced, surface, numeric)
    # A lemma may carry its origin or its namesake's mark: アンモニア-ammonia, 開く-他動詞.
    bare = lemma.partition("-")[0] or lemma
    return Word(surface, spaced, fold(bare) or surface, numeric)


def terms_of(words: Sequence[Word]) -> list[str]:
    """The terms of analysed words; a number that MeCab parts (``3.5``, ``10^-4``) is one term."""
    terms: list[str] = []
    resume = 0
    for position, (_, _, term, numeric) in enumerate(words):
        if position < resume:
            continue
        if numeric:
            end = _end_of_number(words, position)
            if end > position + 1:
                terms.append("".join(part.surface for part in words[position:end]))
                resume = end
                continue
        if term:
            terms.append(term)
    return terms


def _end_of_number(words: Sequence[Word], start: int) -> int:
    """One past the decimal or power that begins at ``start``."""
    end = start + 1
    if _surface(words, end) == "." and words[start].surface.isdigit() and _is_number(words, end + 1):
        end += 2
    joint = _surface(words, end)
    if joint in ("^", "^-", "^+"):
        power = end + 1
        if joint == "^" and _surface(words, power) in ("-", "+"):
            power += 1
        if _is_number(words, power):
            end = power + 1
    return end


def _surface(words: Sequence[Word], position: int) -> str:
    """The word's surface if it follows without a space, else nothing."""
    if position < len(words) and not words[position].spaced:
        return words[position].surface
    return ""


def _is_number(words: Sequence[Word], position: int) -> bool:
    surface = _surface(words, position)
    return surface.isascii() and surface.isdigit()
