"""Word, PowerPoint and Excel: what becomes text, and what is left out and said."""

from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from corpora import CorpusError, Document, ReadReport, read_corpus, split


def one(path: Path, report: ReadReport | None = None) -> Document:
    (document,) = read_corpus([path], report=report)
    return document


def test_word_headings_lists_and_tables(tmp_path: Path) -> None:
    word = docx.Document()
    word.add_heading("院内手順書", 0)
    word.add_heading("目的", 1)
    word.add_paragraph("投与量をそろえる。")
    word.add_paragraph("無尿の患者", style="List Bullet")
    word.add_paragraph("透析患者", style="List Bullet")
    table = word.add_table(rows=2, cols=2)
    for at, text in enumerate(["薬", "量", "甲", "10 mg"]):
        table.cell(at // 2, at % 2).text = text
    word.save(tmp_path / "手順.docx")
    document = one(tmp_path / "手順.docx")
    assert (document.doc_id, document.title) == ("手順.docx", "院内手順書")
    assert document.text == (
        "院内手順書\n\n目的\n\n投与量をそろえる。\n\n- 無尿の患者\n- 透析患者\n\n"
        "| 薬 | 量 |\n|---|---|\n| 甲 | 10 mg |"
    )
    assert split(document)[0].headings == ("院内手順書", "目的")


def test_word_keeps_raised_digits_and_follows_revisions(tmp_path: Path) -> None:
    word = docx.Document()
    paragraph = word.add_paragraph("細胞は10")
    paragraph.add_run("4").font.superscript = True
    paragraph.add_run("個")
    for tag, text_tag, text in (("w:ins", "w:t", "以上"), ("w:del", "w:delText", "以下")):
        revision, run, content = OxmlElement(tag), OxmlElement("w:r"), OxmlElement(text_tag)
        content.text = text
        run.append(content)
        revision.append(run)
        paragraph._p.append(revision)
    hidden = paragraph.add_run("隠し文字")
    hidden.font.hidden = True
    word.save(tmp_path / "a.docx")
    assert one(tmp_path / "a.docx").text == "細胞は10⁴個以上"


def test_word_reads_content_controls(tmp_path: Path) -> None:
    word = docx.Document()
    paragraph = word.add_paragraph("枠の中の文である。")
    control, content = OxmlElement("w:sdt"), OxmlElement("w:sdtContent")
    paragraph._p.addprevious(control)
    content.append(paragraph._p)
    control.append(content)
    assert control.tag == qn("w:sdt")
    word.save(tmp_path / "a.docx")
    assert one(tmp_path / "a.docx").text == "枠の中の文である。"


def test_slides_are_pages(tmp_path: Path) -> None:
    show = pptx.Presentation()
    for number, text in enumerate(["一枚目の文。", "二枚目の文。", "隠した文。"], start=1):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = f"題{number}"
        slide.placeholders[1].text_frame.text = text
        slide.notes_slide.notes_text_frame.text = f"話す内容{number}。"
    slide.element.set("show", "0")
    show.save(tmp_path / "a.pptx")
    report = ReadReport()
    document = one(tmp_path / "a.pptx", report)
    assert "隠した文" not in document.text
    assert [note.text for note in report.notes] == ["hidden slide 3 left out"]
    last = split(document)[-1]
    assert last.text == "二枚目の文。\n\n話す内容2。"
    assert {place.page for place in last.locators} == {2}


def test_sheets_show_values_as_excel_does(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "採用薬"
    for row in (["院内採用薬一覧"], ["薬", "量", "率"], ["甲", 10, 0.05], ["乙", 0.1 + 0.2, None]):
        sheet.append(row)
    sheet["C3"].number_format = "0%"
    book.create_sheet("裏").sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    report = ReadReport()
    document = one(tmp_path / "a.xlsx", report)
    assert document.text == (
        "採用薬\n\n院内採用薬一覧\n\n| 薬 | 量 | 率 |\n|---|---|---|\n| 甲 | 10 | 5% |\n| 乙 | 0.3 |  |"
    )
    assert [note.text for note in report.notes] == ["hidden sheet '裏' left out"]


def test_what_says_nothing_is_refused(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    with pytest.raises(CorpusError, match="holds no text in a visible sheet"):
        one(tmp_path / "a.xlsx")
