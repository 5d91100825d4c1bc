"""PPTX: each slide a section with its number as page; text from top to bottom, tables, speaker's notes."""

from collections.abc import Iterator
from typing import Any

import pptx
from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER
from pptx.oxml.ns import qn

from corpora.archives import check_office_file
from corpora.composing import Composer
from corpora.documents import Document
from corpora.readers import Source
from corpora.superscripts import subscript, superscript

_NOT_CONTENT = {PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.DATE}


def read(source: Source) -> Iterator[Document]:
    """Yield the file as one document; hidden slides are left out and noted."""
    check_office_file(source.path, "ppt/presentation.xml")
    presentation = pptx.Presentation(str(source.path))
    composer = Composer()
    hidden = []
    for number, slide in enumerate(presentation.slides, start=1):
        if slide.element.get("show") == "0":
            hidden.append(str(number))
        else:
            _slide(composer, slide, number)
    if hidden:
        source.note(f"hidden slide {', '.join(hidden)} left out")
    if composer.empty:
        raise ValueError("holds no text besides titles (pictures?); write what they show as text")
    yield composer.document(
        source.doc_id,
        title=(presentation.core_properties.title or "").strip()
        or composer.first_heading
        or source.path.stem,
        source=source.settings.source,
        licence=source.settings.licence,
        origin=source.origin,
    )


def _slide(composer: Composer, slide: Any, number: int) -> None:
    title = slide.shapes.title
    heading = _text(title.text_frame.paragraphs[0]) if title is not None else ""
    composer.heading(heading or f"スライド {number}", 2 if number > 1 else 1, page=number)
    shapes = [
        shape for shape in _flattened(slide.shapes) if title is None or shape.shape_id != title.shape_id
    ]
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if shape.is_placeholder and shape.placeholder_format.type in _NOT_CONTENT:
            continue
        if getattr(shape, "has_table", False) and shape.has_table:
            rows = [
                [" ".join(map(_text, cell.text_frame.paragraphs)) for cell in row.cells]
                for row in shape.table.rows
            ]
            composer.table(rows, page=number)
        elif shape.has_text_frame:
            _frame(composer, shape, number)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        for paragraph in slide.notes_slide.notes_text_frame.paragraphs:
            composer.paragraph(_text(paragraph), page=number)


def _frame(composer: Composer, shape: Any, number: int) -> None:
    paragraphs = [paragraph for paragraph in shape.text_frame.paragraphs if _text(paragraph).strip()]
    listed = len(paragraphs) > 1
    for paragraph in paragraphs:
        if listed:
            composer.item(_text(paragraph), depth=paragraph.level, page=number)
        else:
            composer.paragraph(_text(paragraph), page=number)


def _flattened(shapes: Any) -> Iterator[Any]:
    pending = list(shapes)[::-1]
    while pending:
        shape = pending.pop()
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            pending.extend(list(shape.shapes)[::-1])
        else:
            yield shape


def _text(paragraph: Any) -> str:
    """The text of a paragraph, raised and lowered runs as such, line breaks as line ends."""
    parts = []
    for node in paragraph._p:
        if node.tag == qn("a:br"):
            parts.append("\n")
        elif node.tag in {qn("a:r"), qn("a:fld")}:
            text = node.findtext(qn("a:t")) or ""
            properties = node.find(qn("a:rPr"))
            shift = (properties.get("baseline") if properties is not None else None) or "0"
            parts.append(
                superscript(text)
                if shift.strip("0%")[:1].isdigit()
                else subscript(text)
                if shift.startswith("-")
                else text
            )
    return "".join(parts)
