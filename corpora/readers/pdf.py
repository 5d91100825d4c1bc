"""PDF: text with page numbers and boxes, columns in order, running heads and page numbers left out.

A PDF without a text layer, or whose fonts carry no Unicode table, is refused: no OCR is guessed at here.
"""

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from corpora.composing import Composer
from corpora.documents import Document
from corpora.garbling import garbled
from corpora.readers import Source
from corpora.readers.pdf_layout import Glyph, Line, lines_of, reading_order
from corpora.readers.pdf_paragraphs import Paragraph, paragraphs

MAX_PAGES = 5_000
MAX_GLYPHS = 50_000
"""Of one page. A full broadsheet has 20,000."""

_MARGIN = 0.12
"""Share of the page's height at top and bottom in which running heads and page numbers stand."""
_PAGE_NUMBER = re.compile(
    r"(?:[-–—\s]*\d{1,4}[-–—\s]*(?:[/／]\s*\d{1,4})?|(?:page|p\.?)\s*\d+(?:\s*(?:of|/)\s*\d+)?|\d+\s*(?:頁|ページ))",
    re.IGNORECASE,
)
_NO_TITLE = re.compile(
    r"untitled|無題|microsoft (?:word|powerpoint)|.*\.(?:docx?|pptx?|xlsx?|indd|dvi|tex)$", re.I
)
_ALWAYS_THERE = re.compile(r"Helvetica|Arial|Times|Courier|Symbol|ZapfDingbats")
"""Fonts that pdfium brings itself; an object without extent in them is a space."""
_DIGITS = re.compile(r"\d+")


def read(source: Source) -> Iterator[Document]:
    """Yield the file as one document."""
    try:
        pdf = pdfium.PdfDocument(source.path)
    except pdfium.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code == raw.FPDF_ERR_PASSWORD:
            raise ValueError("needs a password; save it without one") from error
        raise ValueError(f"is no PDF or is damaged ({error}); print it to PDF anew") from error
    if not 0 < len(pdf) <= MAX_PAGES:
        raise ValueError(f"has {len(pdf):,} pages; 1 to {MAX_PAGES:,} are read")
    pages = _pages(pdf)
    texts = ["".join(line.text for line in lines) for lines, _ in pages]
    if not any(texts):
        raise ValueError(f"holds no text on its {len(pdf)} pages (a scan?); run OCR over it, e.g. ocrmypdf")
    for number, text in enumerate(texts, start=1):
        fault = garbled(text)
        if fault:
            raise ValueError(
                f"the text of page {number} is garbled: {fault}; export it anew, or run OCR over it"
            )
    blank = [str(number) for number, text in enumerate(texts, start=1) if not text]
    if blank:
        source.note(f"no text on page {', '.join(blank)}")

    composer = Composer()
    for paragraph in paragraphs(_without_running_heads(pages)):
        _write(composer, paragraph)
    title = (pdf.get_metadata_value("Title") or "").strip()
    yield composer.document(
        source.doc_id,
        title=title if _says_something(title) else composer.first_heading or source.path.stem,
        source=source.settings.source,
        licence=source.settings.licence,
        origin=source.origin,
    )


def _says_something(title: str) -> bool:
    """Whether a PDF's own title is one; many programs write their name or the file's."""
    return len(title) > 2 and not _NO_TITLE.match(title) and not garbled(title)


def _pages(pdf: pdfium.PdfDocument) -> list[tuple[list[Line], float]]:
    """Each page's lines, unordered, and its height."""
    pages = []
    for number in range(len(pdf)):
        try:
            page = pdf[number]
            textpage = page.get_textpage()
        except pdfium.PdfiumError as error:
            raise ValueError(f"page {number + 1} is damaged ({error}); print it to PDF anew") from error
        _refuse_lost_text(page, textpage, number + 1)
        pages.append((lines_of(_glyphs(textpage)), page.get_height()))
        textpage.close()
        page.close()
    return pages


def _refuse_lost_text(page: pdfium.PdfPage, textpage: pdfium.PdfTextPage, number: int) -> None:
    """Refuse a page of which pdfium silently drops text.

    Where a font is neither embedded in the file nor installed here, its glyphs have no outline and no
    extent, and pdfium drops single characters and takes equal lines for one drawn twice. One lost 不 turns a
    rule into its opposite.
    """
    flat = [piece for piece in page.get_objects(filter=(raw.FPDF_PAGEOBJ_TEXT,)) if _without_outline(piece)]
    if not flat:
        return
    seen = {
        ctypes.cast(raw.FPDFText_GetTextObject(textpage, index), ctypes.c_void_p).value
        for index in range(textpage.count_chars())
    }
    kept = [piece.get_bounds() for piece in flat if _address(piece) in seen]
    for piece in flat:
        left, bottom, _, _ = piece.get_bounds()
        twice = any(abs(left - box[0]) + abs(bottom - box[1]) < 2 for box in kept)  # bold by overprinting
        if _address(piece) not in seen and not twice:
            raise ValueError(
                f"page {number} uses the font {_font_name(piece)}, which is neither in the file nor on this "
                "machine, so characters would be lost; export it with fonts embedded, or install one "
                "(e.g. fonts-ipafont)"
            )


def _without_outline(piece: pdfium.PdfObject) -> bool:
    _, bottom, _, top = piece.get_bounds()
    if top - bottom > 0.01 or raw.FPDFFont_GetIsEmbedded(raw.FPDFTextObj_GetFont(piece)) != 0:
        return False
    return not _ALWAYS_THERE.match(_font_name(piece))


def _address(piece: pdfium.PdfObject) -> int | None:
    return ctypes.cast(piece.raw, ctypes.c_void_p).value


def _font_name(piece: pdfium.PdfObject) -> str:
    name = ctypes.create_string_buffer(128)
    raw.FPDFFont_GetBaseFontName(raw.FPDFTextObj_GetFont(piece), name, len(name))
    return name.value.decode(errors="replace")


def _glyphs(textpage: pdfium.PdfTextPage) -> list[Glyph]:
    count = textpage.count_chars()
    if count > MAX_GLYPHS:
        raise ValueError(f"one page holds {count:,} characters, more than any real page")
    box = raw.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    glyphs: list[Glyph] = []
    spaced = False
    for index in range(count):
        code = raw.FPDFText_GetUnicode(textpage, index)
        if code in (10, 13):
            continue
        if raw.FPDFText_HasUnicodeMapError(textpage, index) == 1 or 0xD800 <= code <= 0xDFFF:
            code = 0xFFFD
        if code in (2, 0xFFFE):  # the hyphen that pdfium marks at a line's end
            code = 0x2D
        raw.FPDFText_GetLooseCharBox(textpage, index, box)
        raw.FPDFText_GetCharOrigin(textpage, index, x, y)
        size = box.top - box.bottom
        if raw.FPDFText_IsGenerated(textpage, index) == 1:  # pdfium guesses a space at every change of font
            spaced = True
            continue
        if size <= 0:
            continue
        if spaced and glyphs and box.left - glyphs[-1].right > 0.12 * size:
            glyphs.append(glyphs[-1]._replace(text=" ", left=glyphs[-1].right))
        spaced = False
        glyphs.append(Glyph(chr(code), box.left, box.bottom, box.right, box.top, size, y.value))
    return glyphs


def _without_running_heads(pages: Sequence[tuple[list[Line], float]]) -> list[list[list[Line]]]:
    """Each page's blocks in reading order, without what repeats in the margins of several pages."""
    seen: Counter[tuple[str, int]] = Counter()
    for lines, height in pages:
        seen.update({_margin_key(line) for line in lines if _in_margin(line, height)})
    needed = 2 if len(pages) <= 3 else 3
    kept = []
    for lines, height in pages:
        body = [
            line
            for line in lines
            if not (
                _in_margin(line, height)
                and len(pages) > 1
                and (_PAGE_NUMBER.fullmatch(line.text.strip()) or seen[_margin_key(line)] >= needed)
            )
        ]
        kept.append(reading_order(body))
    return kept


def _in_margin(line: Line, height: float) -> bool:
    return line.base > height * (1 - _MARGIN) or line.base < height * _MARGIN


def _margin_key(line: Line) -> tuple[str, int]:
    """Text without its numbers, and the height in steps of 5 points."""
    return _DIGITS.sub("#", line.text), round(line.base / 5)


def _write(composer: Composer, paragraph: Paragraph) -> None:
    page, box = paragraph.pieces[0].page, paragraph.pieces[0].box
    if paragraph.level:
        composer.heading(paragraph.text, paragraph.level, page=page, box=box)
    elif paragraph.rows:
        composer.table(paragraph.rows, page=page, box=box)
    elif paragraph.marker:
        composer.item(paragraph.text, marker=paragraph.marker, page=page, box=box)
    else:
        composer.placed_paragraph([(piece.text, piece.page, piece.box) for piece in paragraph.pieces])
