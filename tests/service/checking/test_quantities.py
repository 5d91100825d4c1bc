# ruff: noqa: E501  (a line of a table is a line)
"""Figures as they are written: which are one number, one unit, one comparator, and which are not."""

import pytest

from service.checking.quantities import Quantity, quantities
from service.checking.width import level

Read = tuple[str, str, str]


def read(text: str) -> list[Read]:
    return [(figure.value, figure.unit, "".join(sorted(figure.bounds))) for figure in quantities(level(text))]


ONE_AMOUNT = [
    ("5 mg", "５㎎"),
    ("5 mg", "5ミリグラム"),
    ("2.5 mg", "２．５ｍｇ"),
    ("2.5 mg", "2.50 mg"),
    ("1,000 mL", "1000ml"),
    ("三十歳", "30歳"),
    ("二百五十例", "250例"),
    ("二か月", "2ヶ月"),
    ("三週間", "3週"),
    ("10⁴/μL", "10^4/µL"),
    ("1.5×10⁴/μL", "1.5 x 10^4/μL"),
    ("10⁴/μL", "10の4乗/μL"),
    ("½錠", "1/2錠"),
    ("2分の1錠", "½錠"),
    ("5〜10 mg", "5-10mg"),
    ("5〜10 mg", "5 mgから10 mg"),
    ("5±2 %", "5 ± 2パーセント"),
    ("37.5℃", "37.5°C"),
    ("100 mcg", "100 μg"),
    ("0.1単位/kg/時", "0.1 U/kg/h"),
    ("10 mg/kg/日", "10 mg/kg/day"),
    ("30 mL/分/1.73 m²", "30 mL/min/1.73m²"),
    ("5万人", "50,000人"),
    ("twice daily", "2回 daily"),
    ("two tablets", "2 tablets"),
]
TWO_AMOUNTS = [
    ("10⁴/μL", "104/μL"),
    ("10⁴/μL", "10⁵/μL"),
    ("1.73 m²", "1.73 m2"),
    ("½錠", "12錠"),
    ("½錠", "1錠"),
    ("5 mg", "5 g"),
    ("1 g", "1000 mg"),
    ("5 mg", "5 mg/日"),
    ("5 mg/kg", "5 mg/日"),
    ("10 mEq/L", "10 mmol/L"),
    ("10単位", "10国際単位"),
    ("5〜10 mg", "5 mg"),
    ("5〜10 mg", "5〜20 mg"),
    ("130/80 mmHg", "130/90 mmHg"),
    ("三十歳", "四十歳"),
    ("3か月", "3月"),
    ("3時間", "3時"),
    ("2.5 mg", "25 mg"),
    ("5 %", "5‰"),
    ("once daily", "twice daily"),
]


@pytest.mark.parametrize(("one", "other"), ONE_AMOUNT)
def test_ways_of_writing_one_amount_are_equal(one: str, other: str) -> None:
    assert read(one) == read(other) != []


@pytest.mark.parametrize(("one", "other"), TWO_AMOUNTS)
def test_two_amounts_are_never_equal_and_none_is_converted(one: str, other: str) -> None:
    assert read(one) != read(other)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("6.5 mEq/L以上", "≥"),
        ("6.5 mEq/Lを超える", ">"),
        ("6.5 mEq/L超", ">"),
        ("6.5 mEq/L未満", "<"),
        ("6.5 mEq/L以下", "≤"),
        ("24時間以内", "≤"),
        ("≥ 65 mmHg", "≥"),
        ("≧65 mmHg", "≥"),
        ("少なくとも3回", "≥"),
        ("at least 6 hours", "≥"),
        ("up to 12 months", "≤"),
        ("less than 90 mmHg", "<"),
        ("more than 150 mg", ">"),
        ("約5 mg", "≈"),
        ("5 mg程度", "≈"),
        ("最大60 mg", "≤"),
        ("上限は60 mg", "≤"),
        ("4週以降", "after"),
        ("5 mg", ""),
    ],
)
def test_comparators_are_read_on_either_side(text: str, bounds: str) -> None:
    (figure,) = read(text)
    assert figure[2] == bounds


@pytest.mark.parametrize(
    "text", ["CD4陽性細胞", "HbA1cが高い", "COVID-19", "十分な輸液", "一時的な休薬", "唯一の薬", "万一の際"]
)
def test_names_and_words_hold_no_figure(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1回500 mgを1日3回、5〜7日間", [("1", "回", ""), ("500", "mg", ""), ("1", "日", ""), ("3", "回", ""), ("5..7", "日", "")]),
        ("2020年5月3日", [("2020", "年", ""), ("5", "月", ""), ("3", "日", "")]),
        ("BMI25以上", [("25", "", "≥")]),
        ("eGFR30 mL/分/1.73 m²未満", [("30", "mL/分/1.73m²", "<")]),
        ("総量は4,000 mgを限度とする", [("4000", "mg", "≤")]),
    ],
)  # fmt: skip
def test_figures_come_in_order_with_their_units(text: str, expected: list[Read]) -> None:
    assert read(text) == expected


def test_a_figure_knows_where_it_stands() -> None:
    (figure,) = quantities("血清K 6.5 mEq/L以上")
    assert figure == Quantity("6.5", "mEq/L", frozenset("≥"), 4, 13, "6.5 mEq/L")


@pytest.mark.parametrize("text", ["10" + "⁹" * 400, "9" * 5_000, "1/" * 2_000, "億" * 500, "5〜" * 2_000])
def test_no_number_is_too_long_to_be_read(text: str) -> None:
    assert isinstance(read(text + "年"), list)
