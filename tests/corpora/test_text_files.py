"""Plain text, CSV and HTML in the encodings that hospitals have."""

from pathlib import Path

import pytest

from corpora import Document, ReadReport, read_corpus, split
from corpora.encodings import decode_japanese
from corpora.garbling import garbled

SENTENCES = [
    "腎機能に応じて投与量を調節する。",
    "ｶﾙｼｳﾑ拮抗薬を併用する。",
    "β遮断薬とＡＣＥ阻害薬は慎重に投与する。",
    "1日1回10mgを経口投与",
    "高齢者、妊婦、授乳婦",
]


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932", "euc_jp", "iso2022_jp_ext"])
def test_encodings_are_told_apart(text: str, encoding: str) -> None:
    assert decode_japanese(text.encode(encoding))[0] == text


@pytest.mark.parametrize("text", [*SENTENCES, "Potassium 5.0 mEq/L", "α→β①②㎎℃½錠10⁴", "東京都千代田区"])
def test_medical_text_is_no_garbage(text: str) -> None:
    assert garbled(text * 5) is None


def one(path: Path, data: bytes, report: ReadReport | None = None) -> Document:
    path.write_bytes(data)
    (document,) = read_corpus([path], report=report)
    return document


def test_plain_text_has_headings_and_items(tmp_path: Path) -> None:
    text = "第1章 目的\n\n本文である。\n・一つ\n・二つ\n\n【注意】\n次の文。\n"
    report = ReadReport()
    document = one(tmp_path / "a.txt", text.encode("cp932"), report)
    assert [p.headings for p in split(document)] == [("第1章 目的",), ("第1章 目的", "【注意】")]
    assert split(document)[0].text == "本文である。\n\n- 一つ\n- 二つ"
    assert [note.text for note in report.notes] == ["read as cp932"]


def test_csv_rows_carry_their_header_when_the_table_is_cut(tmp_path: Path) -> None:
    rows = "薬剤,用量\n" + "".join(f"薬剤{n:03d},{n} mg\n" for n in range(200))
    passages = split(one(tmp_path / "採用薬.csv", rows.encode("cp932")))
    assert len(passages) >= 3
    assert passages[0].headings == ("採用薬",), "the header row is in the text itself"
    assert all(p.headings == ("採用薬", "| 薬剤 | 用量 |") for p in passages[1:])
    assert all(p.text.startswith("| 薬剤") for p in passages)


HTML = """<html><head><meta charset="{}"><title>高血圧の治療</title></head><body><nav>メニュー</nav>
<main><h1>高血圧</h1><p>目標は<b>130/80</b> mmHg、白血球10<sup>4</sup>。<br>次の行。</p>
<ul><li>減塩<ul><li>6 g未満</li></ul></li></ul>
<table><tr><th>薬</th><th>量</th></tr><tr><td>甲</td><td>5 mg</td></tr></table>
<p style="display: none">隠し</p>
<del>古い</del></main><footer>連絡先</footer><script>x()</script></body></html>"""


@pytest.mark.parametrize("charset", ["utf-8", "Shift_JIS", "euc-jp"])
def test_html_main_content(tmp_path: Path, charset: str) -> None:
    document = one(tmp_path / "a.html", HTML.format(charset).encode(charset))
    assert document.title == "高血圧の治療"
    assert document.text == (
        "高血圧\n\n目標は130/80 mmHg、白血球10⁴。\n次の行。\n\n- 減塩\n  - 6 g未満\n\n"
        "| 薬 | 量 |\n|---|---|\n| 甲 | 5 mg |"
    )
