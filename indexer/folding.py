"""Width folding: the one spelling under which a term is found. It never leaves the index.

NFKC alone is dangerous in medicine: it makes 104 of 10⁴, m2 of m², 11⁄2 of 1½ and 120mg of ①20mg. So the
characters whose meaning lies in their position or frame are written out first (``10^4``, ``m^2``,
``1 1/2``, ``1 20mg``), and only then are widths, ligatures and case folded. Dashes typed for a long vowel
(コンピュ－タ) and long vowels typed for a dash (βー遮断薬) become what they stand for, and characters that
differ in nothing but their form (頚 and 頸) become one, as do 胃がん, 胃ガン and 胃癌.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_SPELT = {
    "\u2044": "/",  # fraction slash, as in 1⁄2
    "\u2212": "-",  # minus
    "\u301c": "~",  # wave dash; the full-width tilde becomes ~ by NFKC
    "™": " ",
    "℠": " ",
    "\u200b": "",  # zero-width space
    "\ufeff": "",
    "\u00ad": "",  # soft hyphen
} | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\ufe63\uff0d", "-")

_PLAIN = re.compile("[\x00-\x9f\u3001-\u301b\u3041-\u3096\u30a1-\u30fe\u4e00-\u9fff]+")
"""What NFKC leaves alone and nearly all Japanese text consists of: passed on in runs, for speed."""

_RAISED = re.compile("[⁰¹²³⁴-⁹⁺⁻⁼⁽⁾ⁿ]+")
_LOWERED = re.compile("[₀-₉]+")
_LOOSE = frozenset(
    {"<font>", "<wide>", "<narrow>", "<noBreak>", "<initial>", "<medial>", "<final>", "<isolated>"}
)
"""Decompositions that are the same character in another dress: digits so written do belong together."""

_VARIANTS = str.maketrans(
    "頚囊頰剝塡嚙摑鹼麵彎潅臟欝靱軀膣瘦痹蠟瀆顚髙﨑",
    "頸嚢頬剥填噛掴鹸麺弯灌臓鬱靭躯腟痩痺蝋涜顛高崎",
)
"""Forms of one character that medical texts mix freely; UniDic gives some of them different lemmas."""

_DASH_IN_KANA = re.compile("(?<=[ァ-モャ-ヲヴヵヶ])[\u2010\u2012-\u2015\u2212\uff0d](?=[ァ-ヺ])")
"""A dash for a long vowel. After ン or ー it cannot be one: ギラン－バレー."""

_LONG_VOWEL_ALONE = re.compile("(?<![ぁ-ゖァ-ヺー])ー")

_CANCER = re.compile(
    "(?<=[一-鿿])(?<!癌)(?:がん(?![ぁ-ゖー])|がん(?=[のはでとにをがもやかへな])|ガン(?![ァ-ヺー]))"
)
"""がん after a kanji and before no word: 胃がん, not 患者がんばる. UniDic has only 胃癌 as one word."""

_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_UNSEARCHABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def fold(text: str) -> str:
    """Return the form of ``text`` that is indexed and searched: folded, lower case, single spaces.

    Superscripts read ``^4``, fractions ``1/2``; a space keeps them, and circled and subscript digits,
    apart from a digit beside them. ``12,000`` reads ``12000``. Controls and lone surrogates become spaces.
    """
    if not text.isascii():
        text = _DASH_IN_KANA.sub("ー", text)
        text = unicodedata.normalize("NFKC", _written_out(text)).translate(_VARIANTS)
        text = _LONG_VOWEL_ALONE.sub("-", _CANCER.sub("癌", text.replace("障碍", "障害")))
    text = _UNSEARCHABLE.sub(" ", text).casefold()
    text = _THOUSANDS.sub(lambda number: number.group().replace(",", ""), text)
    return " ".join(text.split())


def _written_out(text: str) -> str:
    """``text`` in a form that NFKC cannot make another number of."""
    written: list[str] = []
    last, was_framed = "", False
    for piece, framed in _pieces(text):
        if not piece:
            continue
        joined = piece[0].isdigit() and (last.isdigit() or (was_framed and last in ".,"))
        if joined and (framed or was_framed):
            written.append(" ")
        written.append(piece)
        last, was_framed = piece[-1], framed
    return "".join(written)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The text in runs and single characters; ``True`` marks what stands raised, lowered or in a frame."""
    position = 0
    while position < len(text):
        if run := _PLAIN.match(text, position):
            yield run.group(), False
        elif run := _RAISED.match(text, position):
            yield "^" + unicodedata.normalize("NFKC", run.group()).replace("\u2212", "-"), True
        elif run := _LOWERED.match(text, position):
            yield unicodedata.normalize("NFKC", run.group()), True
        else:
            yield _character(text[position])
        position = run.end() if run else position + 1


@lru_cache(maxsize=65_536)
def _character(character: str) -> tuple[str, bool]:
    spelt = _SPELT.get(character)
    if spelt is not None:
        return spelt, False
    decomposition = unicodedata.decomposition(character)
    if not decomposition.startswith("<"):
        return character, False
    tag, *points = decomposition.split()
    parts = "".join(chr(int(point, 16)) for point in points)
    if tag in _LOOSE:
        return parts, False
    return _written_out(parts), True  # ㎡ holds a ², ½ a fraction slash
