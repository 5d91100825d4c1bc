"""Read a quantity: one number, in the unit asked for, after 答え: or standing alone."""

import re
from decimal import Decimal

from benchmarks.parsing.abstention import declines, declines_in_part
from benchmarks.parsing.expected import Expected, Parsed
from benchmarks.parsing.folding import fold
from benchmarks.parsing.structured import answers_in_json

_CUE = re.compile(
    r"(?i)(?P<final>最終|final\s+|結論)?(?:的な)?(?:correct\s+)?(?:答え|解答|回答|正解|計算結果|結果|評価|評点|スコア|点数|rating|score|answer|result)s?\s*"
    r"(?:\(s\))?(?:として)?\s*(?:(?:は|が|=|:|→|】|\]|\n|≒|\bis\b|\bwould\s+be\b|\bshould\s+be\b)\s*)+|(?P<so>よって|したがって|従って|ゆえに|以上より|therefore|thus|hence)[、,:]?\s*(?:(?:答え|求める値|値)は)?|\\boxed\s*\{|<answer>|\[\["
)
_NUMBER = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_ABOUT = r"[\s\"'「『(\[{]*(?:約|およそ|おおよそ|大体|ほぼ|≒|about\s+|approximately\s+|around\s+|~)?\s*"
_POWER = r"(?:\s*[×x*]\s*10(?:\^?\{?(?P<power>-?\d+)\}?|(?P<raised>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)))?"
_UNIT = r"(?P<unit>(?:%|パーセント|ミリリットル|リットル|mmHg|Torr|[a-zA-Zμµℓ][a-zA-Zμµℓ]{0,5}|kg|[歳才人倍日点回年月週例個分秒単位]+|か月|カ月|ヶ月|時間)(?:\s*/\s*(?:[0-9.,]*\s*)?(?:[a-zA-Zμ]{1,4}|日|時間|時|分|年|回|人|kg|対)){0,2}(?:\^?[0-9²³])?)?"
_VALUE = re.compile(_ABOUT + rf"(?P<number>{_NUMBER})(?![\d])" + _POWER + r"[^\S\n]*" + _UNIT)
_END = re.compile(
    r"(?i)\s*[」』)\]}\"']*\s*(?:$|\n|[。．;!）<]|[.,](?:\s|$)|、|です|だ|である|でした|となり|となる|とな|になり|になる|に[近相]|と(?:考え|計算|求め|答え|判断|算出)|の(?:過|欠|不足|プラス|増|減|水分)|を|が(?:答え|正解)|(?:because|since|per\b|which|based|\(|as\b))"
)
_OTHER = re.compile(rf"(?i)\s*(?:-|~|から|to\b|または|又は|もしくは|あるいは|or\b|か|と|/)\s*{_NUMBER}")
_EQUATION = re.compile(rf"[^。\n]*=\s*(?=[約≒]?\s*{_NUMBER}[^=\n。]*(?:$|\n|。))")
_BOX = re.compile(r"([①②③④])\s*[:=はが→]?\s*(\d)(?!\d)")
_CORRECTION = re.compile(
    r"(?i)いや、|訂正|正しくは|間違いでした|間違えました|\bwait\b|\bactually\b|\bcorrection\b|計算し直"
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SAME_UNIT = {
    "torr": "mmhg",
    "ml": "ml",
    "ミリリットル": "ml",
    "cc": "ml",
    "パーセント": "%",
    "リットル": "l",
    "才": "歳",
    "カ月": "か月",
    "ヶ月": "か月",
}


def read_number(reply: str, expected: Expected) -> Parsed:
    """The number, as a plain decimal string."""
    values, outside, cut = answers_in_json(reply)
    if cut:
        return Parsed(status="truncated", rule="json_cut")
    if values:
        texts = [
            str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
            for value in values
        ]
        if texts == [None]:
            return Parsed(status="abstained", rule="json_null")
        if len(set(map(str, texts))) != 1 or not isinstance(texts[0], str):
            return Parsed(status="unparsed", rule="json_value")
        found = read_number_text(fold(texts[0]), expected)
        return found.model_copy(update={"rule": f"json_{found.rule}"})
    del outside
    return read_number_text(fold(reply), expected)


def read_number_text(text: str, expected: Expected) -> Parsed:
    """The same for a folded text."""
    if not text:
        return Parsed(status="unparsed", rule="empty")
    if declines(text):
        return Parsed(status="abstained", rule="declined")
    whole = _VALUE.match(text)
    if whole and not text[whole.end() :].strip(" 。.、)]}」』\n\"'").removesuffix("です").removesuffix(
        "である"
    ).removesuffix("になります").removesuffix("となります"):
        return _reading(whole, expected, "whole_reply")
    if boxes := _boxes(text, expected):
        return boxes
    found: list[tuple[bool, int, Parsed]] = []
    for cue in _CUE.finditer(text):
        value = _VALUE.match(text, cue.end())
        final = bool(cue.group("final") or cue.group("so"))
        equation = _EQUATION.match(text, cue.end())
        if equation and equation.end() > cue.end():
            value = _VALUE.match(text, equation.end())
        if value is None:
            segment = re.split(r"[。\n]|\.\s", text[cue.end() :], maxsplit=1)[0]
            if not cue.group("so") and declines(segment):
                found.append((final, cue.end() + len(segment), Parsed(status="abstained", rule="declined")))
            continue
        if _OTHER.match(text, value.end()):
            found.append((final, value.end(), Parsed(status="unparsed", rule="alternatives_left_open")))
        elif _END.match(text, value.end()):
            found.append((final, value.end(), _reading(value, expected, "cue")))
    if found:
        return _last(found, text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    solo = [match for line in {lines[0], lines[-1]} if (match := _VALUE.fullmatch(line.rstrip("。.")))]
    if len(lines) > 1 and len({match.group("number") for match in solo}) == 1:
        return _reading(solo[0], expected, "line")
    if declines_in_part(text):
        return Parsed(status="abstained", rule="declined")
    return Parsed(status="unparsed", rule="no_statement")


def _last(found: list[tuple[bool, int, Parsed]], text: str) -> Parsed:
    final, end, last = found[-1]
    if any((other.status, other.value) != (last.status, last.value) for _, _, other in found[:-1]):
        differing = max(
            at for _, at, other in found[:-1] if (other.status, other.value) != (last.status, last.value)
        )
        if not final and not _CORRECTION.search(text[differing:end]):
            return Parsed(status="unparsed", rule="statements_disagree")
    if _CORRECTION.search(text[end:]):
        return Parsed(status="unparsed", rule="taken_back")
    return last


def _boxes(text: str, expected: Expected) -> Parsed | None:
    if not expected.template:
        return None
    found = dict(_BOX.findall(text))
    boxes = [char for char in expected.template if char in "①②③④"]
    if len(_BOX.findall(text)) != len(boxes) or set(found) != set(boxes):
        return None
    filled = "".join(found.get(char, char) for char in expected.template).replace(",", "").replace(" ", "")
    return Parsed(status="parsed", value=(_plain(Decimal(filled)),), rule="boxes")


def _reading(match: re.Match[str], expected: Expected, rule: str) -> Parsed:
    number = Decimal(match.group("number").replace(",", ""))
    power = match.group("power") or (match.group("raised") or "").translate(_RAISED)
    if power:
        if abs(int(power)) > 30:
            return Parsed(status="unparsed", rule="out_of_range")
        number = number.scaleb(int(power))
    unit = match.group("unit")
    if unit and expected.unit and not _same_unit(unit, expected.unit):
        return Parsed(status="unparsed", rule="other_unit")
    return Parsed(status="parsed", value=(_plain(number),), rule=rule)


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _same_unit(one: str, other: str) -> bool:
    def parts(unit: str) -> list[str]:
        pieces = (
            re.sub(r"\s", "", fold(unit))
            .casefold()
            .replace("ℓ", "l")
            .replace("day", "日")
            .replace("/d", "/日")
            .replace("/日ay", "/日")
            .split("/")
        )
        return [_SAME_UNIT.get(piece, piece) for piece in pieces]

    first, second = parts(one), parts(other)
    shared = min(len(first), len(second))
    return first[:shared] == second[:shared]


def read_rating(reply: str, expected: Expected) -> Parsed:
    """A judge's whole number from 1 to 5: ``評価: 4``, ``[[4]]``, ``4/5``."""
    outside_of_five = re.sub(
        r"(?<=\d)\s*(?:/\s*5|点満点中|out\s+of\s+5)(?!\d)",
        "",
        fold(reply).replace("[[", "評価: ").replace("]]", ""),
    )
    found = read_number(outside_of_five, expected)
    if found.status == "parsed" and found.value[0] not in ("1", "2", "3", "4", "5"):
        return Parsed(status="unparsed", rule="out_of_range")
    return found
