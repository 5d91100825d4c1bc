# ruff: noqa: E501  (a line of a table is a line)
"""Does a sentence say that something is so, or that it is not?

Cues of negation are counted clause by clause, and an even count cancels out (「ないわけではない」). The same
reading goes over claim and passage, so a word misread in both does no harm.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_NEUTRAL = re.compile(
    r"(?:なければ|なくては|ないと|ねば)(?:なら(?:ない|ず)|いけない|ならぬ)|せざるを[得え]ない|ざるを[得え]ない|やむを[得え](?:ない|ず)"
    r"|だけで(?:は)?なく|のみで(?:は)?なく|ばかりで(?:は)?なく|のみならず|に(?:ほか|他)ならない|かもしれない|にすぎない|に過ぎない"
    r"|に違いない|間違いな[くい]|まもなく|間もなく|限りなく|にかかわらず|に関わらず|を問わず|必ず(?:しも)?(?!しも)|わずか|いずれ|まず(?=[、はい])"
    r"|はず|ずつ|みずから|水ず|おのずと|思わず|少なからず|少なく(?:とも)?|少ない|危ない|ないし(?=[^て])|にとどまらず|ともなく|なくなっ"
    r"|not only|no less than|no more than|not less than|not more than|no longer than|no later than|whether or not"
)
_WORD_CUE = r"禁忌|禁止|禁じ|禁煙外|避け|回避|控え|見合わせ|不要|不可|不能|不適|無効|無用|否定|除外|除い|除く|除き|以外|欠如|欠く|してはならない|べからず|べきでない"
_CUE = re.compile(
    rf"(?P<word>{_WORD_CUE})"
    r"|(?P<ja>(?<![少危切])な(?:い|かっ|く(?!な[るりっ])|けれ|き(?=[、。に者も])|し(?:$|[、。にのでと])|さ(?=そう)|ら(?=ぬ|ない))|無[いくかしき]|ません"
    r"|ず(?=$|[、。にと]|とも)|ぬ(?=$|[、。よう])|まい(?=$|[、。と])|[えせれけめねてべげ]ん(?=$|。))"
    r"|(?P<en>\b(?:not|never|no|none|neither|nor|cannot|without|unless|except|excluding|contraindicated|contraindication|avoid(?:s|ed|ing)?"
    r"|withh(?:old|eld)|unnecessary|ineffective|unlikely|forbidden|prohibited|lacks?|absen(?:t|ce)|fails?|failed)\b|n't\b)",
    re.I,
)
_END = re.compile(r"[。．！？!?]|\. |[；;]|、|,(?![0-9]{3})|\b(?:but|whereas|while|however)\b|, and\b")
_PARTICLE_END = re.compile(
    r"(?:[はもをにのとやへがか]|では|には|とは|から|ため|より|まで|など|および|または|あるいは|かつ)$"
)
_VERB_END = re.compile(r"[しりきちみびぎれえけせてでげめべねずくがるいただばぬん]$|なら$|つつ$")

_OPPOSITES: tuple[tuple[str, str], ...] = (
    ("上昇", "低下"), ("増加", "減少"), ("増量", "減量"), ("亢進", "低下"), ("促進", "抑制"), ("拡張", "収縮"), ("開始", "中止"), ("継続", "中止"),
    ("陽性", "陰性"), ("急性", "慢性"), ("有効", "無効"), ("改善", "悪化"), ("適応", "禁忌"), ("可能", "不可能"), ("必要", "不要"),
    ("高値", "低値"), ("高血圧", "低血圧"), ("高血糖", "低血糖"), ("頻脈", "徐脈"), ("左", "右"), ("内側", "外側"), ("前方", "後方"), ("近位", "遠位"),
    ("多い", "少ない"), ("高い", "低い"), ("短縮", "延長"), ("良性", "悪性"), ("良好", "不良"), ("先天性", "後天性"), ("吸気", "呼気"),
    ("早期", "晩期"), ("軽症", "重症"), ("収縮期", "拡張期"), ("速やか", "緩徐"), ("一側", "両側"), ("最初", "最後"), ("最大", "最小"),
    ("increase", "decrease"), ("increased", "decreased"), ("higher", "lower"), ("raised", "lowered"), ("start", "stop"), ("started", "stopped"),
    ("acute", "chronic"), ("positive", "negative"), ("improves", "worsens"), ("before", "after"), ("left", "right"), ("hyperkalaemia", "hypokalaemia"),
    ("effective", "ineffective"), ("necessary", "unnecessary"), ("safe", "unsafe"),
)  # fmt: skip


class Clause(NamedTuple):
    """A stretch of a sentence that ends with its predicate, and the cues of negation in it, in order."""

    text: str
    cues: tuple[str, ...]

    @property
    def negative(self) -> bool:
        """Whether an odd number of cues leaves it denied."""
        return len(self.cues) % 2 == 1


@lru_cache(maxsize=1024)
def clauses(text: str) -> tuple[Clause, ...]:
    """The clauses of levelled text. A topic or a list (「Aは、」「A、B、」) goes with the clause that follows it."""
    pieces: list[str] = []
    begin = 0
    for match in _END.finditer(text):
        before = text[begin : match.start()].rstrip()
        stop = match[0] not in ("、", ",")
        if not stop and (_PARTICLE_END.search(before) or not (_VERB_END.search(before) or before.isascii())):
            continue
        pieces.append(text[begin : match.end()])
        begin = match.end()
    pieces.append(text[begin:])
    return tuple(Clause(piece.strip(), cues(piece)) for piece in pieces if piece.strip(" 。、,.;"))


def cues(text: str) -> tuple[str, ...]:
    """The cues of negation, in order; 「〜なければならない」 and the like are none."""
    return tuple(match[0] for match in _CUE.finditer(_NEUTRAL.sub("〓", text)))


_HEAD = re.compile(r"([一-龥々]{1,4}|[ァ-ヴー]{2,})[ぁ-ん]{0,5}$")


def denied(text: str) -> tuple[str, ...]:
    """The word before each grammatical cue (ない, ず, ません), last two characters; empty where there is none."""
    found: list[str] = []
    masked = _NEUTRAL.sub(lambda match: "〓" * len(match[0]), text)
    for match in _CUE.finditer(masked):
        if match["ja"]:
            head = _HEAD.search(masked, max(0, match.start() - 10), match.start())
            found.append(head[1][-2:] if head else "")
    return tuple(found)


def opposites(claim: str, passage: str) -> tuple[str, str] | None:
    """A word of the claim whose opposite stands in the passage, which lacks the word itself; and the opposite."""
    for pair in _OPPOSITES:
        for ours, theirs in (pair, pair[::-1]):
            if (
                _has(ours, claim)
                and not _has(ours, passage)
                and _has(theirs, passage)
                and not _has(theirs, claim)
            ):
                return ours, theirs
    return None


def _has(word: str, text: str) -> bool:
    if word.isascii():
        return re.search(rf"\b{word}\b", text, re.I) is not None
    return re.search(rf"{'(?<!不)' if word == '可能' else ''}{word}", text) is not None
