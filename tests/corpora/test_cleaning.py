"""Cleaning keeps what the author wrote: doses above all."""

import pytest

from corpora import clean
from corpora.cleaning import decode


@pytest.mark.parametrize(
    "kept",
    [
        "10⁴/µL",
        "1.73 m²",
        "½錠を1日2回",
        "１０㎎",
        "ﾌﾛｾﾐﾄﾞ",
        "第Ⅱ相",
        "SpO₂ 94 %",
        "①と②",
        "5㎖／㎏",
        "ＣＫＤ",
        "0.5～1.0",
        "ほう素\tCa²⁺",
    ],
)
def test_no_width_folding(kept: str) -> None:
    assert clean(kept) == kept


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("か\u3099んの診断", "がんの診断"),  # decomposed kana, as macOS file names and some PDFs have it
        ("A\u030a", "Å"),
        ("一行目\r\n二行目\r三行目", "一行目\n二行目\n三行目"),
        ("前頁\x0c次頁", "前頁\n次頁"),
        ("段落\u2029次", "段落\n次"),
        ("血圧\x00が\x1b[31m高い\x9f", "血圧が[31m高い"),
    ],
)
def test_encoding_line_ends_and_controls_are_mended(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


def test_lone_surrogate_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"U\+D800.*character 2"):
        clean("用量\ud800")


def test_bytes_that_are_not_utf8_name_line_and_cure() -> None:
    with pytest.raises(ValueError, match=r"line 2.*iconv -f CP932"):
        decode("一行目\n".encode() + "用量".encode("cp932"))


def test_byte_order_mark_is_dropped() -> None:
    assert decode("\ufeff用量".encode()) == "用量"
