"""DOCX: headings, lists, tables, text boxes and footnotes, raised digits kept, deleted text left out.

python-docx opens the file and resolves styles; the body is walked here, because its own text properties
pass over inserted revisions, content controls and text boxes, and lose superscripts.
"""

import re
from collections.abc import Iterator
from typing import Any

import docx
from docx.oxml.ns import qn
from lxml import etree

from corpora.archives import check_office_file
from corpora.composing import Composer
from corpora.documents import Document
from corpora.readers import Source
from corpora.safe_xml import Element
from corpora.superscripts import subscript, superscript

_HEADING = re.compile(r"(?:heading|見出し)\s*([1-9])", re.IGNORECASE)
_WRAPPERS = {
    qn("w:sdt"),
    qn("w:sdtContent"),
    qn("w:ins"),
    qn("w:moveTo"),
    qn("w:customXml"),
    qn("w:smartTag"),
}
_SKIPPED = {qn("w:del"), qn("w:moveFrom"), qn("w:txbxContent"), qn("w:pPr"), qn("w:rPr"), qn("w:instrText")}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_FOOTNOTES = "/word/footnotes.xml"


def read(source: Source) -> Iterator[Document]:
    """Yield the file as one document."""
    check_office_file(source.path, "word/document.xml")
    word = docx.Document(str(source.path))
    composer = Composer()
    _Body(word, composer).walk(word.element.body)
    for note in _footnotes(word):
        composer.item(note, marker="脚注:")
    core = word.core_properties
    yield composer.document(
        source.doc_id,
        title=(core.title or "").strip() or composer.first_heading or source.path.stem,
        source=source.settings.source,
        licence=source.settings.licence,
        origin=source.origin,
    )


class _Body:
    def __init__(self, word: Any, composer: Composer) -> None:
        self._composer = composer
        self._levels = {
            style.style_id: _style_level(style) for style in word.styles if hasattr(style, "base_style")
        }

    def walk(self, parent: Element) -> None:
        for child in parent:
            if child.tag == qn("w:p"):
                self._paragraph(child)
            elif child.tag == qn("w:tbl"):
                self._composer.table([_cells(row) for row in child.iter(qn("w:tr"))])
            elif child.tag in _WRAPPERS:
                self.walk(child)

    def _paragraph(self, element: Element) -> None:
        text = paragraph_text(element)
        properties = element.find(qn("w:pPr"))
        style = properties.find(qn("w:pStyle")) if properties is not None else None
        outline = properties.find(qn("w:outlineLvl")) if properties is not None else None
        numbering = properties.find(qn("w:numPr")) if properties is not None else None
        style_id = style.get(qn("w:val")) if style is not None else None
        level = self._levels.get(style_id)
        if outline is not None and outline.get(qn("w:val"), "").isdigit():
            level = int(outline.get(qn("w:val"), "9")) + 1
        if level is not None and level <= 9:
            self._composer.heading(text, level)
        elif numbering is not None or "List" in (style_id or ""):
            depth = numbering.find(qn("w:ilvl")) if numbering is not None else None
            self._composer.item(text, depth=int(depth.get(qn("w:val"), "0")) if depth is not None else 0)
        else:
            self._composer.paragraph(text)
        for box in element.iter(qn("w:txbxContent")):
            if not any(ancestor.tag == _FALLBACK for ancestor in box.iterancestors()):
                self.walk(box)


def paragraph_text(element: Element) -> str:
    """The visible text of a paragraph: inserted revisions in, deleted ones out, raised digits raised."""
    parts: list[str] = []

    def walk(node: Element) -> None:
        for child in node:
            tag = child.tag
            if tag in _SKIPPED or tag == _FALLBACK:
                continue
            if tag == qn("w:r"):
                parts.append(_run(child))
                for inner in child.iter(qn("w:r")):
                    if inner is not child and not _in_text_box(inner, child):
                        parts.append(_run(inner))
            elif isinstance(tag, str):
                walk(child)

    walk(element)
    return "".join(parts)


def _run(run: Element) -> str:
    hidden = run.find(f"{qn('w:rPr')}/{qn('w:vanish')}")
    if hidden is not None and hidden.get(qn("w:val"), "true") not in {"0", "false"}:
        return ""
    text = ""
    for child in run:
        if child.tag == qn("w:t"):
            text += child.text or ""
        elif child.tag == qn("w:tab"):
            text += "\t"
        elif child.tag in {qn("w:br"), qn("w:cr")}:
            text += "\n"
        elif child.tag == qn("w:noBreakHyphen"):
            text += "-"
    raised = run.find(f"{qn('w:rPr')}/{qn('w:vertAlign')}")
    kind = raised.get(qn("w:val")) if raised is not None else None
    return superscript(text) if kind == "superscript" else subscript(text) if kind == "subscript" else text


def _in_text_box(node: Element, run: Element) -> bool:
    for ancestor in node.iterancestors():
        if ancestor is run:
            return False
        if ancestor.tag in {qn("w:txbxContent"), _FALLBACK}:
            return True
    return False


def _cells(row: Element) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(qn("w:tc")):
        if next(cell.iterancestors(qn("w:tr"))) is row:
            cells.append(" ".join(filter(None, map(paragraph_text, cell.iter(qn("w:p"))))))
            span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
            extra = span.get(qn("w:val"), "1") if span is not None else "1"
            cells.extend([""] * min(int(extra) - 1 if extra.isdigit() else 0, 100))
    return cells


def _style_level(style: Any) -> int | None:
    """The heading level of a paragraph style: its own, or that of the style it is based on."""
    for _ in range(10):
        if style is None:
            return None
        found = _HEADING.match(style.name or "")
        if found:
            return int(found[1])
        if style.name == "Title":
            return 1
        outline = style.element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
        if outline is not None and outline.get(qn("w:val"), "9").isdigit():
            level = int(outline.get(qn("w:val")))
            return level + 1 if level < 9 else None
        style = style.base_style
    return None


def _footnotes(word: Any) -> list[str]:
    parts = [part for part in word.part.package.iter_parts() if str(part.partname) == _FOOTNOTES]
    if not parts:
        return []
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(parts[0].blob, parser)
    notes = [
        " ".join(filter(None, map(paragraph_text, note.iter(qn("w:p")))))
        for note in root.iter(qn("w:footnote"))
        if note.get(qn("w:type")) is None
    ]
    return [note for note in notes if note.strip()]
