"""Analysis: a text into the terms it is found by. The same object serves build and query.

MeCab (through fugashi) with unidic-lite gives each word its lemma, so that 認めた finds 認める and
アンモニア is found however it is inflected around. The dictionary is named explicitly: fugashi alone
would take the full ``unidic`` wherever that happens to be installed, and the terms would differ.

Latin letters and digits are cut by rule instead, the same in English and in Japanese text: UniDic parts
HbA1c into three words, and reads some English words as particles.
"""

import threading
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import fugashi
import unidic_lite

from corpora import Frozen
from indexer.errors import InvalidTable
from indexer.folding import fold
from indexer.latin import JOINTS, latin_terms

RULES = "3"
"""Version of folding, filter and joining below: raise it with any change that alters a term."""

_RC = Path(__file__).parent / "mecab.rc"
_DROPPED = frozenset({"助詞", "助動詞", "補助記号", "空白"})


class AnalyzerIdentity(Frozen):
    """What decides the terms. Two equal identities give equal terms for every text.

    Attributes:
        user_dictionary: sha256 of the compiled user dictionary, empty where there is none.
    """

    name: str
    dictionary: str
    dictionary_version: str
    rules: str
    user_dictionary: str = ""


class Analyzer(Protocol):
    """Turns text into terms, for the index and for the query alike."""

    @property
    def identity(self) -> AnalyzerIdentity: ...

    def terms(self, text: str) -> list[str]:
        """The terms of ``text`` in its order, repeated as often as they occur. Never raises."""
        ...

    def boundaries(self, folded: str) -> frozenset[int]:
        """Where the words of a folded text begin and end, as offsets into it."""
        ...


class Word(NamedTuple):
    """One word as MeCab cut it.

    Attributes:
        spaced: White space stands before it.
        term: What it is found by; ``None`` if it is not indexed.
        latin: It consists of ASCII letters and digits (or is the μ of a unit): cut by :func:`latin_terms`.
    """

    surface: str
    spaced: bool
    term: str | None
    latin: bool


class MeCabAnalyzer:
    """Lemmas of the content words; particles, auxiliaries, symbols and spaces are dropped.

    Thread-safe, and usable after a fork or in a pickle: each thread opens a tagger of its own (0.7 ms
    once the dictionary is in memory).

    Args:
        user_dictionary: A MeCab dictionary of a site's own words, compiled for unidic-lite.

    Raises:
        InvalidTable: If it cannot be read.
    """

    def __init__(self, user_dictionary: Path | None = None) -> None:
        self._user_dictionary = user_dictionary
        try:
            self._user_sha256 = sha256(user_dictionary.read_bytes()).hexdigest() if user_dictionary else ""
        except OSError as error:
            raise InvalidTable(user_dictionary or Path(), 0, error.strerror or str(error)) from error
        self._local = threading.local()
        self._words: dict[str, Word] = {}

    @property
    def identity(self) -> AnalyzerIdentity:
        return AnalyzerIdentity(
            name="mecab",
            dictionary="unidic-lite",
            dictionary_version=version("unidic-lite"),
            rules=RULES,
            user_dictionary=self._user_sha256,
        )

    def terms(self, text: str) -> list[str]:
        """The terms of ``text``, in order: lower-case lemmas, the surface where there is no lemma."""
        return terms_of(self._parse(fold(text)))

    def boundaries(self, folded: str) -> frozenset[int]:
        """Where the words of a folded text begin and end, as offsets into it."""
        edges = {0, len(folded)}
        position = 0
        for found in self._parse(folded):
            position = folded.find(found.surface, position)
            edges |= {position, position := position + len(found.surface)}
        return frozenset(edges)

    def _parse(self, folded: str) -> list[Word]:
        tagger = getattr(self._local, "tagger", None)
        if tagger is None:
            tagger = self._local.tagger = self._open()
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

    def _open(self) -> Any:
        options = f'-r "{_RC}" -d "{unidic_lite.DICDIR}" -O jmedqa'
        if self._user_dictionary is None:
            return fugashi.GenericTagger(options)
        try:
            return fugashi.GenericTagger(f'{options} -u "{self._user_dictionary}"')
        except RuntimeError as error:
            raise InvalidTable(self._user_dictionary, 0, "MeCab cannot open it") from error

    def __getstate__(self) -> dict[str, Any]:
        return {"user_dictionary": self._user_dictionary}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


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
    latin = surface == "μ" or (surface.isascii() and any(map(str.isalnum, surface)))
    if pos in _DROPPED or not any(map(str.isalnum, surface)):
        return Word(surface, spaced, None, latin)
    if not lemma or lemma == "*":
        return Word(surface, spaced, surface, latin)
    # A lemma may carry its origin or its namesake's mark: アンモニア-ammonia, 開く-他動詞.
    bare = lemma.partition("-")[0] or lemma
    return Word(surface, spaced, fold(bare) or surface, latin)


def terms_of(words: Sequence[Word]) -> list[str]:
    """The terms of analysed words. Latin letters and digits that touch are read as one run, by rule."""
    terms: list[str] = []
    position = 0
    while position < len(words):
        if words[position].latin:
            end = _end_of_run(words, position)
            terms += latin_terms("".join(word.surface for word in words[position:end]))
            position = end
            continue
        if term := words[position].term:
            terms.append(term)
        position += 1
    return terms


def _end_of_run(words: Sequence[Word], start: int) -> int:
    """One past the Latin words and the joints between them that begin at ``start``, without a space."""
    end = start + 1
    while end < len(words) and not words[end].spaced and (words[end].latin or words[end].surface in JOINTS):
        end += 1
    return end
