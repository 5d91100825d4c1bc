"""Which drugs a text names."""

import re
from functools import lru_cache

from service.checking.drug_names import ENDINGS_JA, ENDINGS_LATIN, SAME_DRUG

_NAMES = {name.lower(): line.split()[0] for line in SAME_DRUG.strip().splitlines() for name in line.split()}
_LISTED = re.compile(
    "|".join(
        rf"(?<![a-z]){re.escape(name)}(?![a-z])" if name.isascii() else re.escape(name)
        for name in sorted(_NAMES, key=len, reverse=True)
    )
)
_LISTED_ANY_CASE = re.compile(_LISTED.pattern, re.I)
_KANA_WORD = re.compile(r"[ァ-ヴー]{3,}(?:酸)?")
_LATIN_WORD = re.compile(r"(?<![a-z])[a-z]{6,}(?![a-z])")
_COMPOUND = re.compile(r"[ァ-ヴー]$")
_NO_DRUG = frozenset(
    [
        "ヘモグロビン",
        "アルブミン",
        "ビリルビン",
        "グロブリン",
        "フェリチン",
        "サイクリン",
        "reticulin",
        "april",
    ]
)


@lru_cache(maxsize=1024)
def drugs(text: str) -> frozenset[str]:
    """The drugs of levelled text, each by the one name that stands for all of its names.

    A katakana word is looked up whole, so that メチルジゴキシン is not ジゴキシン; one that is not listed
    is a drug by its ending (マブ, プリル …) or, in Latin letters, by its stem (-mab, -pril …).
    """
    low = text.lower()
    found: set[str] = set()
    for match in _LISTED.finditer(low):
        before, after = low[match.start() - 1 : match.start()], low[match.end() : match.end() + 1]
        inside = (_COMPOUND.match(before) and _COMPOUND.match(match[0][0])) or (
            _COMPOUND.match(after) and _COMPOUND.match(match[0][-1])
        )
        if not inside:
            found.add(_NAMES[match[0]])
    for match in _KANA_WORD.finditer(low):
        word = match[0]
        if word not in _NAMES and word not in _NO_DRUG and word.endswith(tuple(ENDINGS_JA)):
            found.add(word)
    for match in _LATIN_WORD.finditer(low):
        word = match[0]
        if word not in _NAMES and word not in _NO_DRUG and word.endswith(tuple(ENDINGS_LATIN)):
            found.add(word)
    return frozenset(found)


def with_one_name(text: str) -> str:
    """Levelled text with each listed drug under the one name that stands for it."""

    def named(match: re.Match[str]) -> str:
        low, start, end = match.string, match.start(), match.end()
        before, after = low[start - 1 : start], low[end : end + 1]
        inside = (_COMPOUND.match(before) and _COMPOUND.match(match[0][0])) or (
            _COMPOUND.match(after) and _COMPOUND.match(match[0][-1])
        )
        return match[0] if inside else _NAMES[match[0].lower()]

    return _LISTED_ANY_CASE.sub(named, text)
