# ruff: noqa: E501  (a line of a table is a line)
"""Quantities in a text: number, unit and comparator, each where it stands."""

import re
from collections import Counter
from dataclasses import dataclass

from service.checking.figures import KANJI, NUMBER, WORDS, exact
from service.checking.units import known_unit, unit_at

_COUNTER = (
    r"(?:分の[一二三四五六七八九十]|歳|才|日|週|か月|ヶ月|カ月|ヵ月|箇月|ケ月|月|年|時間|時|分(?!な|に|の|で|検|量)|秒|回|錠|包|滴|本|枚|個|台|人|名|"
    r"例(?!え)|件|種|倍|剤|点|項目|パーセント|%|割|度|世紀|位|号|番|話|巻|階|社|校|つ|か所|mg|g(?![a-z])|mL|ミリ|グラム|センチ|"
    r"メートル|キロ|リットル|単位|kg|cm|mm)"
)
_NOT_A_NUMBER = re.compile(r"一(?:時的|時期|時停止|時休|時中|度に|人称|日中|月|部)|十分|万一|(?:一)時(?!間)")
_RANGE = r" ?(?:〜|-|から|ないし|to) ?"
_WORD = rf"(?<![a-zA-Z-])(?:{'|'.join(word for word in WORDS if word != 'one')})(?![a-zA-Z])"
_TIMES = re.compile(r"(?<![a-zA-Z])(once|twice|thrice)(?![a-zA-Z])", re.I)
_TIMES_VALUE = {"once": "1", "twice": "2", "thrice": "3"}
_FIND = re.compile(
    rf"(?P<number>{NUMBER})|(?P<kanji>{KANJI})(?= ?{_COUNTER})|(?P<word>{_WORD})|(?P<times>{_TIMES.pattern})",
    re.I,
)
_NEXT = re.compile(rf"{_RANGE}(?P<number>{NUMBER}|{KANJI}(?={_COUNTER}))")
_SPREAD = re.compile(rf" ?± ?(?P<number>{NUMBER})")

_BEFORE = [
    (r"(?:約|およそ|おおよそ|概ね|おおむね|ほぼ|about|approximately|around|roughly|nearly|almost)", "≈"),
    (
        r"(?:少なくとも|最低(?:でも)?|最短(?:でも)?|下限[はを]?|≥|>=|at least|no less than|not less than|(?:a )?minimum of)",
        "≥",
    ),
    (
        r"(?:最大(?:で|量は?)?|最高(?:で)?|(?:上限|限度)(?:量)?[はを]?|多くとも|せいぜい|最長(?:で)?|≤|<=|at most|no more than|not more than"
        r"|up to|(?:a )?maximum of|within|not exceed(?:ing)?)",
        "≤",
    ),
    (
        r"(?:>|(?<!no )(?<!not )more than|over|above|exceed(?:s|ing)?|greater than|higher than|longer than|later than|beyond"
        r"|older than)",
        ">",
    ),
    (r"(?:<|less than|below|under|fewer than|lower than|shorter than|younger than)", "<"),
]
_AFTER = [
    (r"(?:を|より)?以上|or (?:more|above|over|older|higher|longer)|and (?:above|over|older)", "≥"),
    (
        r"以下|以内|まで(?:に|の|を|は)?|を(?:限度|上限)|が(?:限度|上限)|or (?:less|below|fewer|under|lower|younger)",
        "≤",
    ),
    (r"未満|を下回|に満たな|より(?:も)?(?:小さ|少な|低|短|若)", "<"),
    (r"超|を超|を越え|を上回|より(?:も)?(?:大き|多|高|長)", ">"),
    (r"前後|程度|ほど|くらい|ぐらい|あまり|弱(?=[、。のでが])|強(?=[、。のでが])", "≈"),
    (r"以降|以後", "after"),
    (r"以前", "before"),
]
_BEFORE_RE = [(re.compile(rf"{pattern} ?(?:の)?$", re.I), sign) for pattern, sign in _BEFORE]
_AFTER_RE = [(re.compile(rf" ?(?:{pattern})", re.I), sign) for pattern, sign in _AFTER]


@dataclass(frozen=True)
class Quantity:
    """One figure of a text, ``text[start:end]`` with its unit but without its comparators.

    Attributes:
        value: One spelling for one number (`service.checking.figures.exact`); a range is ``5..10``.
        unit: Canonical; empty where none is written.
        bounds: Signs among ≥ ≤ > < ≈ before after.
    """

    value: str
    unit: str
    bounds: frozenset[str]
    start: int
    end: int
    text: str

    def __str__(self) -> str:
        return self.text


def quantities(text: str) -> tuple[Quantity, ...]:
    """Every quantity of levelled text, in order; digits inside a name (CD4, HbA1c) are part of the name."""
    found: list[Quantity] = []
    at = 0
    while match := _FIND.search(text, at):
        at = match.end()
        if match["number"] and _in_a_name(text, match.start(), match.end()):
            at = _name_end(text, match.start())
            continue
        if match["kanji"] and _is_word(text, match.start()):
            continue
        quantity = _quantity(text, match)
        found.append(quantity)
        at = max(at, quantity.end)
    return tuple(found)


_SIGNS = (
    (re.compile(r"以上|≥"), "≥"),
    (re.compile(r"以下|以内|≤"), "≤"),
    (re.compile(r"未満|を?下回|に満たな|<"), "<"),
    (re.compile(r"超え|を?上回|を越え|>|(?<=[ %])超"), ">"),
    (re.compile(r"以降|以後"), "以降"),
    (re.compile(r"以前"), "以前"),
)


def signs(text: str) -> Counter[str]:
    """How often a text compares, by sign, whether a figure stands beside the word or not."""
    return Counter({sign: len(pattern.findall(text)) for pattern, sign in _SIGNS})


def _quantity(text: str, match: re.Match[str]) -> Quantity:
    start, end = match.span()
    if match["times"]:
        return Quantity(_TIMES_VALUE[match[0].lower()], "回", frozenset(), start, end, match[0])
    value = exact(match[0])
    unit, end = unit_at(text, end)
    spread = _SPREAD.match(text, end)
    upto = _NEXT.match(text, end)
    if spread:
        value = f"{value}±{exact(spread['number'])}"
        unit_after, end = unit_at(text, spread.end())
        unit = unit_after or unit
    elif upto and not (unit and unit_at(text, upto.end())[0] not in (unit, "")):
        value = f"{value}..{exact(upto['number'])}"
        unit_after, end = unit_at(text, upto.end())
        unit = unit_after or unit
    bounds = {sign for pattern, sign in _BEFORE_RE if pattern.search(text, max(0, start - 24), start)}
    after = end
    for pattern, sign in (*_AFTER_RE, *_AFTER_RE):  # 「5日以上前後」: at most two signs in a row
        following = pattern.match(text, after)
        if following:
            bounds.add(sign)
            after = following.end()
    if ".." in value:
        bounds.discard("≤") if text[end : end + 2] == "まで" else None
    return Quantity(value, unit, frozenset(bounds), start, end, text[start:end])


def _in_a_name(text: str, start: int, end: int) -> bool:
    """Whether the digits belong to a word: CD4, B12, COVID-19; but not in 「BMI25以上」 or 「pH7.4」."""
    before = text[max(0, start - 2) : start]
    if not re.search(r"[a-zA-Zα-ω](?:-)?$", before):
        return False
    unit, _ = unit_at(text, end)
    measured = known_unit(unit) and not before.endswith("-")
    bounded = any(pattern.match(text, end) for pattern, _ in _AFTER_RE)
    return not (("." in text[start:end]) or measured or bounded)


def _name_end(text: str, at: int) -> int:
    match = re.compile(r"[0-9a-zA-Zα-ω]*").match(text, at)
    return max(match.end() if match else at, at + 1)


def _is_word(text: str, start: int) -> bool:
    """十分 (enough), 一時的 (for a time): words, not figures."""
    return _NOT_A_NUMBER.match(text, start) is not None or text[start - 1 : start + 1] in (
        "統一",
        "唯一",
        "第一",
        "万一",
        "随一",
    )
