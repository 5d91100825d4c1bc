# ruff: noqa: E501  (a line of a table is a line)
"""Units of measure: one canonical spelling for each way of writing one unit, and no conversion between units."""

import re
from decimal import Decimal

_SPELT = """
kg キログラム kilograms kilogram
mg ミリグラム milligrams milligram
μg マイクログラム mcg micrograms microgram ug
ng ナノグラム nanograms nanogram
pg ピコグラム picograms
g グラム grams gram
mL ミリリットル ml milliliters millilitres milliliter millilitre
dL デシリットル dl
μL マイクロリットル ul μl
fL fl
L リットル liters litres liter litre l
mmol ミリモル millimoles
μmol マイクロモル umol
mEq ミリ当量 meq
IU 国際単位
U 単位 units unit
mmHg ミリ水銀柱
mm ミリメートル ミリ millimetres millimeters
cm センチメートル センチ centimetres centimeters
km キロメートル kilometres kilometers
μm マイクロメートル
m メートル metres meters
ha ヘクタール
kcal キロカロリー
cal カロリー
Gy グレイ
℃ °C 度C
% パーセント プロセント percent
秒 秒間 seconds second sec s
分 分間 minutes minute min
時間 hours hour hr h
日 日間 days day
週 週間 weeks week
か月 か月間 ヶ月 ヶ月間 カ月 カ月間 ヵ月 ヵ月間 ケ月 箇月 箇月間 months month
年 年間 years year
歳 才
回 times
錠 tablets tablet
カプセル capsules capsule
"""
"""A line a unit: its canonical spelling, then the other ways of writing it."""
_ALONE = """
cc nmol pmol mol mOsm mIU μIU kIU Pa kPa hPa cmH2O nm kJ mSv Sv Bq MBq kHz MHz GHz Hz kW MW W V mV A
bpm ppm ‰ 時 月 包 滴 本 枚 個 台 人 名 例 件 種 倍 剤 点 項目 吸入 杯 床 施設 社 校 話 巻 位 階 番 号 世紀 度 割 分の 円 ドル つ か所
"""

_CANONICAL = {
    **{spelling: line.split()[0] for line in _SPELT.strip().splitlines() for spelling in line.split()},
    **{spelling: spelling for spelling in _ALONE.split()},
}
_PER = {"時": "時間", "time": "回"}
"""What a unit means below a fraction bar: 「mg/時」 is per hour, not at an hour."""

_ONE = "|".join(sorted(map(re.escape, _CANONICAL), key=len, reverse=True))
_POWER = r"(?:[²³⁴⁻¹]+|\^-?[0-9]+|(?<=m)[0-9](?![0-9.,]))?"
_NAME = rf"(?:(?:{_ONE})(?:(?<![a-zA-Zμ])|(?![a-zA-Zμ]))|[a-zA-Zμ°℃]+|[ァ-ヴー]+|[一-龥々]){_POWER}"
_BELOW = rf" ?(?:/|・|·|毎) ?(?:[0-9]+(?:\.[0-9]+)? ?)?(?:{_NAME})"
UNIT = re.compile(rf" ?(?P<first>{_NAME})?(?P<below>(?:{_BELOW})*)")
_NO_UNIT = frozenset(
    [
        "and",
        "or",
        "to",
        "of",
        "the",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "with",
        "is",
        "are",
        "was",
        "were",
        "be",
        "than",
        "as",
        "per",
        "a",
        "an",
        "it",
        "that",
        "which",
        "then",
    ]
)
_PARTICLE_LIKE = frozenset("以未超約前後内外上下中毎程目代")
"""Kanji that follow a figure and are no unit: 以上, 未満, 超, 前後 …"""


def unit_at(text: str, at: int) -> tuple[str, int]:
    """The canonical unit that begins at ``at`` and where it ends; ``("", at)`` where none does.

    An unknown word or counter is its own unit, so that two different ones never compare as equal.
    """
    match = UNIT.match(text, at)
    if not match or match.end() == at:
        return "", at
    first, below = match["first"] or "", match["below"] or ""
    if first.lower() in _NO_UNIT or first[:1] in _PARTICLE_LIKE:
        return "", at
    parts = [canonical(first)] if first else [""]
    for piece in re.split(r" ?(?:/|・|·|毎) ?", below)[1:]:
        figure = re.match(r"[0-9.]*", piece)
        amount = figure[0] if figure else ""
        name = canonical(piece[len(amount) :].strip())
        parts.append(amount + _PER.get(name, name))
    joined = "/".join(parts)
    return joined, match.end()


def known_unit(unit: str) -> bool:
    """Whether it is a unit of the table, or made of such, rather than any word after a figure."""
    parts = [re.sub(r"^[0-9.]+|[²³⁴⁻¹]+$|(?<=m)[0-9]$", "", part) for part in unit.split("/") if part]
    return bool(parts) and all(part in _CANONICAL for part in parts)


def canonical(name: str) -> str:
    """The unit's one spelling, its exponent kept as it is written: m² is not m2."""
    bare = re.sub(r"(?:[²³⁴⁻¹]+|\^-?[0-9]+|(?<=m)[0-9])$", "", name)
    power = name[len(bare) :]
    if power.startswith("^"):
        power = power[1:].translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    known = _CANONICAL.get(name)
    if known:
        return known
    return (_CANONICAL.get(bare) or _CANONICAL.get(bare.lower()) or bare.lower()) + power


_SCALE: dict[str, tuple[str, Decimal]] = {
    "kg": ("g", Decimal(1000)),
    "g": ("g", Decimal(1)),
    "mg": ("g", Decimal("1e-3")),
    "μg": ("g", Decimal("1e-6")),
    "ng": ("g", Decimal("1e-9")),
    "L": ("L", Decimal(1)),
    "dL": ("L", Decimal("0.1")),
    "mL": ("L", Decimal("1e-3")),
    "cc": ("L", Decimal("1e-3")),
    "μL": ("L", Decimal("1e-6")),
    "秒": ("秒", Decimal(1)),
    "分": ("秒", Decimal(60)),
    "時間": ("秒", Decimal(3600)),
    "日": ("秒", Decimal(86400)),
    "週": ("秒", Decimal(604800)),
    "km": ("m", Decimal(1000)),
    "m": ("m", Decimal(1)),
    "cm": ("m", Decimal("0.01")),
    "mm": ("m", Decimal("1e-3")),
    "か月": ("か月", Decimal(1)),
    "年": ("か月", Decimal(12)),
}


def same_amount(value: str, unit: str, other_value: str, other_unit: str) -> bool:
    """Whether two figures in different units are one amount: 1 g and 1000 mg.

    Never makes a claim verified; it only keeps a conversion from being called a contradiction.
    """
    ours, theirs = _SCALE.get(unit), _SCALE.get(other_unit)
    if not ours or not theirs or ours[0] != theirs[0] or unit == other_unit:
        return False
    try:
        return Decimal(value) * ours[1] == Decimal(other_value) * theirs[1]
    except ArithmeticError:
        return False
