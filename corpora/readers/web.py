"""HTML: headings, paragraphs, lists and tables of the main content; navigation and scripts left out."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from corpora.composing import Composer
from corpora.documents import Document
from corpora.encodings import decode_japanese
from corpora.readers import Source
from corpora.superscripts import subscript, superscript

_MAX_BYTES = 32 * 2**20
MAX_NODES = 2_000_000
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_-]{2,20})""", re.IGNORECASE)
_SKIPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "nav",
        "header",
        "footer",
        "aside",
        "form",
        "button",
        "select",
        "textarea",
        "svg",
        "math",
        "iframe",
        "object",
        "head",
        "del",
        "s",
        "strike",
        "rt",
        "rp",
    ]
)
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "blockquote",
        "pre",
        "address",
        "figure",
        "figcaption",
        "dl",
        "dt",
        "dd",
        "ul",
        "ol",
        "body",
        "html",
        "details",
        "summary",
        "center",
        "fieldset",
        "hr",
        "td",
        "th",
    ]
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def read(source: Source) -> Iterator[Document]:
    """Yield the page as one document."""
    if source.path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"is larger than {_MAX_BYTES // 2**20} MiB; split it")
    data = source.path.read_bytes()
    declared = _CHARSET.search(data[:4096])
    text, encoding = decode_japanese(data, declared[1].decode() if declared else None)
    if encoding.lower() not in {"utf-8", "utf-8-sig"}:
        source.note(f"read as {encoding}")
    try:
        tree = LexborHTMLParser(text)
    except SelectolaxError as error:
        raise ValueError("cannot be held in memory as a page; split it") from error
    root = tree.css_first("main") or tree.css_first("[role=main]") or tree.css_first("article") or tree.body
    title = tree.css_first("title")
    composer = Composer()
    if root is not None:
        _Page(composer).walk(root)
    yield composer.document(
        source.doc_id,
        title=(title.text() if title else "").strip() or composer.first_heading or source.path.stem,
        source=source.settings.source,
        licence=source.settings.licence,
        origin=source.origin,
    )


class _Page:
    """Walks a tree without recursion: pages nested 100,000 deep exist."""

    def __init__(self, composer: Composer) -> None:
        self._composer = composer
        self._text: list[str] = []

    def walk(self, root: LexborNode) -> None:
        pending: list[LexborNode | None] = [root]
        nodes = 0
        while pending:
            node = pending.pop()
            if node is None:
                self._flush()
                continue
            nodes += 1
            if nodes > MAX_NODES:
                raise ValueError(f"has more than {MAX_NODES:,} elements; split it")
            tag = node.tag or ""
            if tag == "-text":
                self._text.append(re.sub(r"\s+", " ", node.text_content or ""))
            elif _hidden(node, tag):
                continue
            elif tag == "br":
                self._text.append("\n")
            elif tag in _HEADINGS:
                self._flush()
                self._composer.heading(inline(node), _HEADINGS[tag])
            elif tag == "table":
                self._flush()
                self._table(node)
            elif tag == "li":
                self._flush()
                self._item(node, pending)
            elif tag in {"sup", "sub"}:
                self._text.append(inline(node))
            else:
                block = tag in _BLOCKS
                if block:
                    self._flush()
                    pending.append(None)
                pending.extend(list(node.iter(include_text=True))[::-1])
        self._flush()

    def _flush(self) -> None:
        self._composer.paragraph("".join(self._text))
        self._text.clear()

    def _item(self, node: LexborNode, pending: list[LexborNode | None]) -> None:
        """The item's own line; lists and tables inside it follow as blocks of their own."""
        children = list(node.iter(include_text=True))
        nested = [child for child in children if child.tag in {"ul", "ol", "table"}]
        own = "".join(inline(child) for child in children if child not in nested)
        depth, parent = -1, node.parent
        while parent is not None and depth < 8:
            depth += parent.tag in {"ul", "ol"}
            parent = parent.parent
        self._composer.item(own, depth=max(depth, 0))
        pending.extend(nested[::-1])

    def _table(self, node: LexborNode) -> None:
        caption = node.css_first("caption")
        if caption is not None:
            self._composer.paragraph(inline(caption))
        rows: list[list[str]] = []
        headed = False
        for row in node.css("tr"):
            cells = [cell for cell in row.iter() if cell.tag in {"td", "th"}]
            headed = headed or (not rows and any(cell.tag == "th" for cell in cells) and len(cells) > 1)
            texts: list[str] = []
            for cell in cells:
                span = cell.attributes.get("colspan") or "1"
                texts.extend([inline(cell)] + [""] * (min(int(span), 50) - 1 if span.isdigit() else 0))
            rows.append(texts)
        self._composer.table(rows, header=headed or len(rows) > 2)


def inline(root: LexborNode) -> str:
    """The text of a node on one line, raised and lowered digits as such."""
    parts: list[str] = []
    pending = [root]
    while pending:
        node = pending.pop()
        tag = node.tag or ""
        if tag == "-text":
            parts.append(re.sub(r"\s+", " ", node.text_content or ""))
        elif _hidden(node, tag):
            continue
        elif tag == "sup":
            parts.append(superscript(node.text()))
        elif tag == "sub":
            parts.append(subscript(node.text()))
        else:
            if tag in _BLOCKS or tag in {"br", "li", "tr"}:
                parts.append(" ")
            pending.extend(list(node.iter(include_text=True))[::-1])
    return "".join(parts)


def _hidden(node: LexborNode, tag: str) -> bool:
    if tag in _SKIPPED or tag.startswith(("-", "_", "!")):
        return True
    attributes = node.attributes
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "hidden" in attributes or attributes.get("aria-hidden") == "true" or "display:none" in style
