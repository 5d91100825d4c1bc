# ruff: noqa: E501  (a line of a table is a line)
"""Real sentences with one thing changed by program: a claim that its own passage no longer supports.

Each mutation changes the meaning of the sentence it is applied to: another number, another power, another
unit, another comparator, or the opposite polarity. It is a test of the checker's reading, not of writing:
the changed sentence need not be good Japanese.
"""

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

Mutation = Literal["number", "power", "unit", "comparator", "negation"]

_UNITS = {
    "mg": "g", "g": "mg", "kg": "g", "mL": "L", "ml": "dl", "cm": "mm", "mm": "cm", "km": "m", "メートル": "キロメートル", "キロ": "センチ",
    "%": "‰", "％": "人", "パーセント": "人", "歳": "か月", "年間": "日間", "か月": "週間", "ヶ月": "週間", "カ月": "週間", "週": "日", "週間": "時間",
    "日間": "週間", "時間": "分", "分間": "時間", "秒": "分", "人": "世帯", "回": "日", "世紀": "年", "円": "ドル", "ドル": "円", "万人": "億人",
    "年": "月", "月": "年", "日": "年", "倍": "割", "本": "個", "個": "本", "名": "隻", "度": "分", "種": "科", "例": "割", "位": "回", "つ": "割",
}  # fmt: skip
_UNIT = re.compile(
    rf"(?<=[0-9０-９])(?P<space>[ 　]?)(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})(?![a-zA-Zメ])"
)
_COMPARATORS = {
    "以上": "未満", "以下": "以上", "未満": "以上", "を超え": "を下回", "を下回": "を上回", "を上回": "を下回", "以内": "以上", "以降": "以前", "以前": "以降",
    "超": "未満", "以後": "以前", "程度": "以上", "前後": "未満",
}  # fmt: skip
_COMPARATOR = re.compile(
    rf"(?<=[0-9０-９%％歳日年月回人gLm円度例名件個つ間])(?P<sign>{'|'.join(_COMPARATORS)})(?![一-龥])"
)
_ABOUT = re.compile(r"約(?=[0-9０-９])")
_NEGATIONS: tuple[tuple[str, str], ...] = (
    (r"されていない(?=[。、])", "されている"), (r"していない(?=[。、])", "している"), (r"ではない(?=。)", "である"), (r"できない(?=[。、])", "できる"),
    (r"されない(?=[。、])", "される"), (r"しない(?=[。、])", "する"), (r"はなかった(?=。)", "があった"), (r"しなかった(?=。)", "した"),
    (r"されなかった(?=。)", "された"), (r"がない(?=。)", "がある"), (r"ではなかった(?=。)", "であった"), (r"なかった(?=。)", "た"),
    (r"されている(?=。)", "されていない"), (r"している(?=。)", "していない"), (r"ている(?=。)", "ていない"), (r"である(?=。)", "ではない"),
    (r"であった(?=。)", "ではなかった"), (r"された(?=。)", "されなかった"), (r"される(?=。)", "されない"), (r"できる(?=。)", "できない"),
    (r"した(?=。)", "しなかった"), (r"する(?=。)", "しない"), (r"がある(?=。)", "がない"), (r"もある(?=。)", "もない"), (r"となった(?=。)", "とならなかった"),
    (r"となる(?=。)", "とならない"), (r"られる(?=。)", "られない"), (r"れる(?=。)", "れない"), (r"(?<!か)った(?=。)", "わなかった"), (r"いる(?=。)", "いない"),
)  # fmt: skip
_COMPILED = [(re.compile(pattern), instead) for pattern, instead in _NEGATIONS]
_DIGIT = re.compile(r"[0-9０-９]")
_KANJI = re.compile(
    r"[二三四五六七八九](?=(?:年|日|人|歳|回|週|時間|分間|か月|世紀|種|本|個|度|倍|位|名|例|錠))"
)
_RAISED = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]")
_AREA = re.compile(
    r"(?<=[0-9０-９])(?P<unit> ?(?:km|m|cm|㎞|平方キロ|平方|立方))(?P<power>[²³]?)(?=[^0-9a-zA-Z])"
)


class Mutated(NamedTuple):
    """A changed sentence, and what was changed."""

    kind: Mutation
    text: str


def mutations(sentence: str) -> Iterator[Mutated]:
    """At most one of each kind that the sentence has room for; nothing is left to chance."""
    for kind, change in _CHANGES.items():
        changed = change(sentence)
        if changed is not None and changed != sentence:
            yield Mutated(kind, changed)


def _number(sentence: str) -> str | None:
    """The middle digit of those in the sentence becomes another one."""
    digits = list(_DIGIT.finditer(sentence))
    if digits:
        match = digits[len(digits) // 2]
        first = ord("０") if match[0] > "9" else ord("0")
        digit = chr(first + (ord(match[0]) - first) % 9 + 1)
        return sentence[: match.start()] + digit + sentence[match.end() :]
    kanji = _KANJI.search(sentence)
    if kanji:
        instead = "二三四五六七八九"["二三四五六七八九".index(kanji[0]) - 1]
        return sentence[: kanji.start()] + instead + sentence[kanji.end() :]
    return None


def _power(sentence: str) -> str | None:
    """A raised digit comes down, or changes; a length becomes an area, an area a volume."""
    raised = _RAISED.search(sentence)
    if raised:
        value = "⁰¹²³⁴⁵⁶⁷⁸⁹".index(raised[0])
        instead = str(value) if len(sentence) % 2 else "⁰¹²³⁴⁵⁶⁷⁸⁹"[value % 9 + 1]
        return sentence[: raised.start()] + instead + sentence[raised.end() :]
    area = _AREA.search(sentence)
    if area:
        swapped = {"平方キロ": "立方キロ", "平方": "立方", "立方": "平方"}.get(area["unit"].strip())
        instead = swapped or area["unit"] + ("²" if len(sentence) % 2 else "2")
        return sentence[: area.start()] + instead + sentence[area.end() :]
    digits = re.search(r"(?<![0-9０-９.])10(?=[²³⁴⁵⁶⁷⁸⁹]|[0-9](?![0-9.,年月日]))", sentence)
    if digits:
        at = digits.end()
        return sentence[:at] + "⁰¹²³⁴⁵⁶⁷⁸⁹"[int(sentence[at])] + sentence[at + 1 :]
    return None


def _unit(sentence: str) -> str | None:
    match = _UNIT.search(sentence)
    if not match:
        return None
    return sentence[: match.start()] + match["space"] + _UNITS[match["unit"]] + sentence[match.end() :]


def _comparator(sentence: str) -> str | None:
    match = _COMPARATOR.search(sentence)
    if match:
        return sentence[: match.start()] + _COMPARATORS[match["sign"]] + sentence[match.end() :]
    about = _ABOUT.search(sentence)
    return sentence[: about.start()] + "最大" + sentence[about.end() :] if about else None


def _negation(sentence: str) -> str | None:
    """The last predicate turns into its opposite."""
    for pattern, instead in _COMPILED:
        changed, count = pattern.subn(instead, sentence, count=1)
        if count:
            return changed
    return None


_CHANGES: dict[Mutation, Callable[[str], str | None]] = {
    "number": _number,
    "power": _power,
    "unit": _unit,
    "comparator": _comparator,
    "negation": _negation,
}
