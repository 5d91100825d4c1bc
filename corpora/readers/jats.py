"""JATS (PubMed Central): title, abstract, sections, figures' captions and tables; references left out.

Elements: https://jats.nlm.nih.gov/archiving/tag-library/1.3/.
"""

from collections.abc import Iterator
from datetime import date

from lxml import etree

from corpora.composing import Composer, one_line
from corpora.documents import Document
from corpora.readers import Source
from corpora.safe_xml import Element, entity_text, local, parsed
from corpora.superscripts import subscript, superscript

MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_LEFT_OUT = {
    "tex-math",
    "ref-list",
    "fn-group",
    "inline-graphic",
    "graphic",
    "object-id",
    "label",
    "alternatives",
}
_BLOCKS = {
    "p",
    "list",
    "table-wrap",
    "fig",
    "sec",
    "disp-quote",
    "boxed-text",
    "def-list",
    "supplementary-material",
}


def read(source: Source) -> Iterator[Document]:
    """Yield every article of the file."""
    root = parsed(source.path)
    articles = [root] if local(root) == "article" else list(root.iter("{*}article"))
    for number, article in enumerate(articles, start=1):
        source.renew()
        place = source.doc_id if len(articles) == 1 else f"{source.doc_id}:{number}"
        yield _article(source, article, place)


def prose(element: Element) -> str:
    """All text of an element on one line; raised and lowered parts as such."""
    return one_line(_text(element))


def _text(element: Element, depth: int = 0) -> str:
    if depth > 200:
        raise ValueError("is nested deeper than any real article")
    parts = [element.text or ""]
    for child in element:
        tag = local(child)
        if isinstance(child, etree._Entity):
            parts.append(entity_text(child))
        elif tag in {"sup", "sub"}:
            inner = _text(child, depth + 1)
            parts.append(superscript(inner) if tag == "sup" else subscript(inner))
        elif tag in {"break", "br"}:
            parts.append(" ")
        elif tag and tag not in _LEFT_OUT:
            parts.append(_text(child, depth + 1))
        parts.append(child.tail or "")
    return "".join(parts)


def _article(source: Source, article: Element, place: str) -> Document:
    meta = article.find("{*}front/{*}article-meta")
    if meta is None:
        raise ValueError("has no <article-meta>, so it is not a JATS article")
    composer = Composer()
    for abstract in meta.findall("{*}abstract") + meta.findall("{*}trans-abstract"):
        composer.heading(_title(abstract) or "Abstract", 1, section_type="abstract")
        _body(composer, abstract, 2)
    body = article.find("{*}body")
    if body is not None:
        _body(composer, body, 1)
    ids = {node.get("pub-id-type", ""): prose(node) for node in meta.findall("{*}article-id")}
    pmcid = ids.get("pmc") or ids.get("pmcid") or ids.get("pmcaid") or ""
    doc_id = f"PMC{pmcid.removeprefix('PMC')}" if pmcid else f"doi:{ids['doi']}" if "doi" in ids else place
    title = meta.find("{*}title-group/{*}article-title")
    licence = meta.find("{*}permissions/{*}license")
    journal = article.find("{*}front/{*}journal-meta//{*}journal-title")
    language = article.get("{http://www.w3.org/XML/1998/namespace}lang")
    return composer.document(
        doc_id,
        title=prose(title) if title is not None else "",
        source=(prose(journal) if journal is not None else "") or source.settings.source,
        licence=_licence(licence) or source.settings.licence,
        published=_published(meta),
        language=language.lower() if language else None,
        tags=[prose(keyword) for keyword in meta.iterfind("{*}kwd-group/{*}kwd")],
        origin=source.origin,
    )


def _body(composer: Composer, parent: Element, level: int) -> None:
    for child in parent:
        tag = local(child)
        if tag == "sec":
            if level > 50:
                raise ValueError("is nested deeper than any real article")
            composer.heading(_title(child), level, section_type=child.get("sec-type"))
            _body(composer, child, level + 1)
        elif tag == "p":
            _paragraph(composer, child, level)
        elif tag == "list":
            for item in child.iter("{*}list-item"):
                composer.item(prose(item))
        elif tag == "table-wrap":
            _table(composer, child)
        elif tag == "fig":
            caption = child.find("{*}caption")
            composer.paragraph(f"{_label(child)} {prose(caption)}" if caption is not None else "")
        elif tag in {"disp-quote", "boxed-text"}:
            _body(composer, child, level)
        elif tag == "def-list":
            for item in child.iter("{*}def-item"):
                composer.item(": ".join(prose(part) for part in item))


def _paragraph(composer: Composer, paragraph: Element, level: int) -> None:
    """A paragraph's own text, then the lists and tables that JATS allows inside it."""
    blocks = [child for child in paragraph if local(child) in _BLOCKS]
    if not blocks:
        composer.paragraph(prose(paragraph))
        return
    text = paragraph.text or ""
    for child in paragraph:
        if child in blocks:
            composer.paragraph(one_line(text))
            text = child.tail or ""
            wrapper = etree.Element("wrapper")
            tail, child.tail = child.tail, None
            wrapper.append(child)
            _body(composer, wrapper, level)
            child.tail = tail
        else:
            holder = etree.Element("holder")
            holder.append(child)
            text += _text(holder)
    composer.paragraph(one_line(text))


def _table(composer: Composer, wrap: Element) -> None:
    caption = wrap.find("{*}caption")
    composer.paragraph(f"{_label(wrap)} {prose(caption) if caption is not None else ''}")
    rows = []
    for row in wrap.iter("{*}tr"):
        cells: list[str] = []
        for cell in row:
            if local(cell) in {"td", "th"}:
                span = cell.get("colspan", "1")
                cells.extend([prose(cell)] + [""] * (min(int(span), 50) - 1 if span.isdigit() else 0))
        rows.append(cells)
    composer.table(rows)
    for foot in wrap.findall("{*}table-wrap-foot"):
        composer.paragraph(prose(foot))


def _title(element: Element) -> str:
    title = element.find("{*}title")
    return prose(title) if title is not None else ""


def _label(element: Element) -> str:
    label = element.find("{*}label")
    return "".join(label.itertext()).strip() if label is not None else ""


def _licence(licence: Element | None) -> str:
    if licence is None:
        return ""
    return licence.get("{http://www.w3.org/1999/xlink}href") or prose(licence)


def _published(meta: Element) -> date | None:
    """The earliest publication date; unknown months and days are taken as the first."""
    found = []
    for node in meta.findall("{*}pub-date"):
        year, month, day = (node.findtext(f"{{*}}{part}") or "1" for part in ("year", "month", "day"))
        number = int(month) if month.isdigit() else MONTHS.get(month[:3].lower(), 1)
        try:
            found.append(date(int(year), number, int(day)))
        except ValueError:
            continue
    return min((day for day in found if day.year > 1), default=None)
