"""PDF: reading order, places on the page, what is left out, and what is refused."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from corpora import CorpusError, Document, ReadReport, read_corpus, split

FONT = "HeiseiMin-W3"
pdfmetrics.registerFont(UnicodeCIDFont(FONT))
WIDTH, HEIGHT = A4
SENTENCE = "慢性腎臓病の患者では腎機能に応じて投与量を調節する。"


def lines(canvas: Canvas, x: float, y: float, texts: list[str], size: float = 10) -> None:
    canvas.setFont(FONT, size)
    for number, text in enumerate(texts):
        canvas.drawString(x, y - number * 1.5 * size, text)


def pdf(path: Path, *pages: Callable[[Canvas], None], **options: object) -> Path:
    canvas = Canvas(str(path), pagesize=A4, **options)
    for page in pages:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return path


def document(path: Path) -> Document:
    (found,) = read_corpus([path])
    return found


def test_lines_of_a_paragraph_are_joined_without_spaces(tmp_path: Path) -> None:
    file = pdf(tmp_path / "a.pdf", lambda c: lines(c, 72, 700, ["腎機能に応じて投与量を", "調節する。"]))
    assert document(file).text == "腎機能に応じて投与量を調節する。"


def test_english_words_keep_their_space_and_lose_their_hyphen(tmp_path: Path) -> None:
    file = pdf(
        tmp_path / "a.pdf",
        lambda c: lines(c, 72, 700, ["Renal function and hyper-", "kalemia in", "adults."]),
    )
    assert document(file).text == "Renal function and hyperkalemia in adults."


def test_raised_and_lowered_digits_are_kept(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, 72, 700, ["白血球は10"])
        lines(canvas, 124, 704, ["4"], size=6)
        lines(canvas, 128, 700, ["個、SpO"])
        lines(canvas, 165, 698, ["2"], size=6)
        lines(canvas, 169, 700, ["は90%である。"])

    text = document(pdf(tmp_path / "a.pdf", page)).text
    assert text.replace(" ", "") == "白血球は10⁴個、SpO₂は90%である。"  # gaps vary with fonts


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    left = [f"左の{n:02d}行目はこのように段の幅を満たしている" for n in range(12)]
    right = [f"右の{n:02d}行目はこのように段の幅を満たしている" for n in range(12)]

    def page(canvas: Canvas) -> None:
        lines(canvas, 72, 760, ["段組みの論文の表題"], size=18)
        for number in range(12):  # drawn across, as some programs do
            lines(canvas, 60, 700 - 15 * number, [left[number]])
            lines(canvas, 310, 700 - 15 * number, [right[number]])

    found = document(pdf(tmp_path / "a.pdf", page))
    assert found.title == "段組みの論文の表題"
    assert re.findall("[左右]の..", found.text) == [line[:4] for line in left + right]


def test_a_table_is_read_row_by_row(tmp_path: Path) -> None:
    rows = [
        ("薬剤", "用量", "注意"),
        ("甲薬", "10 mg", "腎障害"),
        ("乙薬", "20 mg", "肝障害"),
        ("丙薬", "5 mg", "高齢者"),
    ]

    def page(canvas: Canvas) -> None:
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                lines(canvas, 72 + 120 * column, 700 - 16 * number, [cell])

    text = document(pdf(tmp_path / "a.pdf", page)).text
    assert text.splitlines()[0] == "| 薬剤 | 用量 | 注意 |"
    assert text.splitlines()[-1] == "| 丙薬 | 5 mg | 高齢者 |"


def test_larger_type_makes_headings(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, 72, 760, ["高カリウム血症"], size=18)
        lines(canvas, 72, 720, ["治療"], size=14)
        lines(canvas, 72, 690, [SENTENCE])

    assert [p.headings for p in split(document(pdf(tmp_path / "a.pdf", page)))] == [
        ("高カリウム血症", "治療")
    ]


def test_running_heads_and_page_numbers_are_left_out(tmp_path: Path) -> None:
    def page(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            lines(canvas, 72, HEIGHT - 40, [f"第{number}版 院内手順書"], size=8)
            lines(canvas, 72, 600, [f"{number}頁の本文である。{SENTENCE}"])
            lines(canvas, 290, 30, [f"- {number} -"], size=8)

        return draw

    text = document(pdf(tmp_path / "a.pdf", *(page(n) for n in range(1, 6)))).text
    assert "院内手順書" not in text
    assert text.count("頁の本文") == 5
    assert "- 3 -" not in text


def test_a_quotation_opens_its_page_and_box(tmp_path: Path) -> None:
    file = pdf(
        tmp_path / "a.pdf",
        lambda c: lines(c, 72, 700, ["一頁目の文である。"]),
        lambda c: lines(c, 100, 500, ["二頁目の文である。"]),
    )
    found = document(file)
    passage = split(found)[0]
    at = passage.text.index("二頁目")
    (place,) = passage.locate(at, at + 9)
    assert place.page == 2
    assert place.box is not None
    left, bottom, right, top = place.box
    assert left == pytest.approx(100, abs=1)
    assert bottom < 500 < top < 512
    assert right == pytest.approx(190, abs=2)


def test_a_sentence_over_two_pages_is_one_sentence_with_two_places(tmp_path: Path) -> None:
    first = "この文は頁の終わりまで続いており次の頁の先頭に"
    file = pdf(
        tmp_path / "a.pdf",
        lambda c: lines(c, 72, 200, [first]),
        lambda c: lines(c, 72, 700, ["渡って終わる。"]),
    )
    found = document(file)
    assert found.text == first + "渡って終わる。"
    assert [place.page for place in found.locators] == [1, 2]


def test_a_scan_is_refused_with_its_cure(tmp_path: Path) -> None:
    file = pdf(tmp_path / "a.pdf", lambda c: c.rect(100, 100, 200, 200, fill=1))
    with pytest.raises(CorpusError, match=r"holds no text on its 1 pages.*OCR"):
        document(file)


def test_a_page_without_text_is_noted(tmp_path: Path) -> None:
    file = pdf(tmp_path / "a.pdf", lambda c: lines(c, 72, 700, [SENTENCE]), lambda c: c.rect(9, 9, 20, 20))
    report = ReadReport()
    list(read_corpus([file], report=report))
    assert [note.text for note in report.notes] == ["no text on page 2"]


def test_a_password_is_named(tmp_path: Path) -> None:
    file = pdf(tmp_path / "a.pdf", lambda c: lines(c, 72, 700, [SENTENCE]), encrypt="secret")
    with pytest.raises(CorpusError, match="needs a password"):
        document(file)


def test_glyphs_without_meaning_in_unicode_are_refused(tmp_path: Path) -> None:
    file = garbled_pdf(tmp_path / "a.pdf")
    with pytest.raises(CorpusError, match="page 1 is garbled"):
        document(file)


def text_or_refusal(file: Path) -> str | None:
    """The text, or ``None`` where the file is refused since characters would be lost.

    PDFium loses them only where the machine has no Japanese font, so either may be right.
    """
    try:
        return document(file).text
    except CorpusError as error:
        if not re.search(rf"page 1 uses the font {FONT}.*characters would be lost", error.reason):
            raise
        return None


def test_a_character_on_its_own_is_never_lost_in_silence(tmp_path: Path) -> None:
    file = pdf(tmp_path / "a.pdf", lambda c: (lines(c, 72, 700, [SENTENCE]), lines(c, 72, 600, ["不"])))
    text = text_or_refusal(file)
    assert text is None or "不" in text


def test_equal_lines_are_never_taken_for_one_in_silence(tmp_path: Path) -> None:
    text = text_or_refusal(pdf(tmp_path / "a.pdf", lambda c: lines(c, 72, 700, [SENTENCE] * 3)))
    assert text is None or text.count(SENTENCE) == 3


def garbled_pdf(path: Path) -> Path:
    """A PDF whose embedded font has glyph numbers only: no ToUnicode, no known character collection."""
    stream = b"BT /F1 12 Tf 72 700 Td <" + b"".join(b"%04X" % (n * 37 + 900) for n in range(60)) + b"> Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type0/BaseFont/ABCDEF+Secret/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/ABCDEF+Secret/CIDSystemInfo"
        b"<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 7 0 R/DW 1000>>",
        b"<</Type/FontDescriptor/FontName/ABCDEF+Secret/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0"
        b"/Ascent 880/Descent -120/CapHeight 700/StemV 80>>",
    ]
    data = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj" % number + body + b"endobj\n"
    table = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, table)
    path.write_bytes(data)
    return path
