"""Folding finds widths and cases as one spelling, and never makes another number of a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("10⁴", "10^4"),
        ("10⁻³", "10^-3"),
        ("10⁴5", "10^4 5"),
        ("m²", "m^2"),
        ("1.73 m²", "1.73 m^2"),
        ("㎡", "m^2"),
        ("cm³と㎤", "cm^3とcm^3"),
        ("¹³¹I", "^131i"),
        ("Na⁺", "na^+"),
        ("x²y³", "x^2y^3"),
        ("½錠", "1/2錠"),
        ("1½錠", "1 1/2錠"),
        ("½5", "1/2 5"),
        ("1⁄2錠", "1/2錠"),
        ("⅟4", "1/4"),
        ("①20mg", "1 20mg"),
        ("20①", "20 1"),
        ("⒈5", "1. 5"),
        ("log₁₀5", "log10 5"),
        ("H₂O CO₂ HbA₁c", "h2o co2 hba1c"),
        ("５㎎", "5mg"),
        ("㎍と㎕と㏄", "μgとμlとcc"),
        ("µg", "μg"),  # the micro sign and the Greek letter
        ("36.5℃", "36.5°c"),
        ("ﾊﾟﾙｽ ｶﾞﾝ", "パルス ガン"),
        ("ＢＮＰ", "bnp"),
        ("２０％", "20%"),
        ("12,000/μL", "12000/μl"),
        ("１，２３４，５６７", "1234567"),
        ("1,2,3", "1,2,3"),
        ("12,0000", "12,0000"),
        ("10〜20", "10~20"),
        ("10～20", "10~20"),
        ("5−3", "5-3"),
        ("アスピリン™錠", "アスピリン 錠"),
        ("Ⅳ度", "iv度"),
        ("𝟏𝟐", "12"),
        ("が", "が"),  # か with a combining mark
        ("a\u3000b\n c\t", "a b c"),
        ("a\x00b\ud800c", "a b c"),
        ("", ""),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("one", "other"),
    [("10⁴", "104"), ("m²", "m2"), ("1½", "11/2"), ("①20mg", "120mg"), ("10⁻³", "10-3"), ("2½", "21/2")],
)
def test_what_differs_in_meaning_differs_when_folded(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_any_text_folds_to_encodable_lines_without_controls(text: str) -> None:
    folded = fold(text)
    folded.encode()
    assert folded == " ".join(folded.split())


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x33FF, exclude_categories=["Cs", "Cc"])))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
