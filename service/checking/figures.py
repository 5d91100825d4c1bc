"""Numbers as Japanese and English medical texts write them, in one exact spelling.

Two numbers are equal here only if they are the same number: 2.50 and 2.5, 1,000 and 1000, 三十 and 30,
10⁴ and 10^4 are; 10⁴ and 104, ½ and 12 are not. Nothing is rounded.
"""

import re
from decimal import Decimal

VULGAR = dict(
    zip(
        "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞",
        [
            "1/2",
            "1/3",
            "2/3",
            "1/4",
            "3/4",
            "1/5",
            "2/5",
            "3/5",
            "4/5",
            "1/6",
            "5/6",
            "1/8",
            "3/8",
            "5/8",
            "7/8",
        ],
        strict=True,
    )
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_DIGITS = {kanji: value for value, kanji in enumerate("〇一二三四五六七八九")}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "億": 10**8, "兆": 10**12}
_MAX_POWER = 99
WORDS = {
    word: str(value)
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
} | {"twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "hundred": "100"}
WORDS |= {"half": "1/2"}

PLAIN = r"[0-9]+(?:,[0-9]{3}(?![0-9]))*(?:\.[0-9]+)?"
_LARGE_TAIL = rf"(?: ?[万億兆千百](?:{PLAIN})?)*"
_POWER = r"10(?:[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\^[-+]?[0-9]+|の[0-9]+乗)"
NUMBER = (
    rf"(?:(?:{PLAIN}) ?[×xX*・·] ?{_POWER}|{_POWER}"
    rf"|[0-9]*[{''.join(VULGAR)}]"
    rf"|[0-9]+ ?分の ?[0-9]+"
    rf"|(?:{PLAIN})/(?:{PLAIN})"
    rf"|[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[①-⑳]"
    rf"|(?:{PLAIN})(?:{_LARGE_TAIL}))"
)
KANJI = r"[〇一二三四五六七八九十百千万億]+"


def exact(text: str) -> str:
    """The one spelling of a number that matches `NUMBER` or `KANJI`, or of an English number word."""
    text = text.replace(",", "").replace(" ", "")
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if re.fullmatch(KANJI, text):
        return str(_kanji(text))
    if text[-1] in VULGAR:
        whole = text[:-1]
        return f"{whole}+{VULGAR[text[-1]]}" if whole else VULGAR[text[-1]]
    parted = re.fullmatch(r"([0-9]+)分の([0-9]+)", text)
    if parted:
        return f"{parted[2]}/{parted[1]}"
    powered = re.fullmatch(
        rf"(?:({PLAIN})[×xX*・·])?10(?:\^([-+]?[0-9]+)|の([0-9]+)乗|([⁻⁺]?[⁰-⁹¹²³]+))", text
    )
    if powered:
        raised = (powered[2] or powered[3] or powered[4]).translate(_RAISED)
        if len(raised) > 3 or abs(int(raised)) > _MAX_POWER:
            return text
        return _short(Decimal(powered[1] or 1) * Decimal(10) ** int(raised))
    if "/" in text:
        return "/".join(_short(Decimal(part)) for part in text.split("/"))
    if re.search(r"[万億兆千百]", text):
        return _short(_mixed(text))
    try:
        return _short(Decimal(text)) if text.isascii() else text
    except ArithmeticError:
        return text


def _short(value: Decimal) -> str:
    spelt = format(value, "f")
    return spelt.rstrip("0").rstrip(".") if "." in spelt else spelt


def _mixed(text: str) -> Decimal:
    """5万, 1億2000万, 3千500."""
    total = part = Decimal(0)
    for figure, scale in re.findall(r"([0-9.]*)([万億兆千百]?)", text):
        if not figure and not scale:
            continue
        value = Decimal(figure or 1 if not part else figure or 0)
        if scale in _LARGE:
            total += (part + value) * _LARGE[scale]
            part = Decimal(0)
        else:
            part += value * _SMALL.get(scale, 1)
    return total + part


def _kanji(text: str) -> int:
    if not set(text) & {*_SMALL, *_LARGE}:
        return int("".join(str(_DIGITS[character]) for character in text))
    total = part = 0
    digit: int | None = None
    for character in text:
        if character in _DIGITS:
            digit = (digit or 0) * 10 + _DIGITS[character]
        elif character in _SMALL:
            part += (1 if digit is None else digit) * _SMALL[character]
            digit = None
        else:
            total += max(part + (digit or 0), 1) * _LARGE[character]
            part, digit = 0, None
    return total + part + (digit or 0)
