"""MediaWiki dumps (``pages-articles.xml``, also .bz2): one document an article, its headings as sections.

Redirects and pages outside the article namespace are left out. mwparserfromhell parses the markup;
templates, references and files are dropped, because without their templates' sources they are not text.
"""

from collections.abc import Iterator
from datetime import date

import mwparserfromhell
from mwparserfromhell.nodes import Heading, Tag, Template, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

from corpora.composing import Composer
from corpora.documents import Document, Origin
from corpora.readers import Source
from corpora.safe_xml import Element, digest, streamed
from corpora.superscripts import subscript, superscript

MAX_MARKUP = 2_100_000
"""Characters of one page. MediaWiki itself stores at most 2 MiB."""

_CATEGORY = ("category:", "カテゴリ:")
_FILE = ("file:", "image:", "ファイル:", "画像:", "media:")
_DROPPED_TAGS = {"ref", "gallery", "math", "references", "timeline", "style", "score"}


def read(source: Source) -> Iterator[Document]:
    """Yield the articles of the dump."""
    for page in streamed(source.path, "page", source.renew):
        if page.findtext("{*}ns") in {None, "0"} and page.find("{*}redirect") is None:
            document = _article(source, page)
            if document is not None:
                yield document


def _article(source: Source, page: Element) -> Document | None:
    title = page.findtext("{*}title") or ""
    number = page.findtext("{*}id") or title
    markup = page.findtext("{*}revision/{*}text") or ""
    if len(markup) > MAX_MARKUP:
        raise ValueError(f"the page {title!r} is longer than MediaWiki allows")
    composer = Composer()
    tags: list[str] = []
    _write(composer, mwparserfromhell.parse(markup, skip_style_tags=False), tags)
    if composer.empty:
        return None
    stamp = page.findtext("{*}revision/{*}timestamp") or ""
    return composer.document(
        f"{source.path.name.split('-')[0].split('.')[0]}:{number}",
        title=title,
        source=source.settings.source,
        licence=source.settings.licence,
        published=_day(stamp),
        edition=page.findtext("{*}revision/{*}id"),
        tags=tags,
        origin=Origin(path=str(source.path), sha256=digest(page), line=page.sourceline),
    )


def _write(composer: Composer, code: Wikicode, tags: list[str]) -> None:
    text: list[str] = []

    def flush() -> None:
        for block in "".join(text).split("\n\n"):
            lines = block.strip().split("\n")
            for line in lines:
                if line.startswith("- "):
                    composer.item(line[2:])
                else:
                    composer.paragraph(line)
        text.clear()

    for node in code.nodes:
        if isinstance(node, Heading):
            flush()
            composer.heading(_plain(node.title, tags), node.level - 1)
        elif isinstance(node, Tag) and str(node.tag).strip().lower() == "table":
            flush()
            composer.table(_rows(node, tags))
        else:
            text.append(_plain_node(node, tags))
    flush()


def _rows(table: Tag, tags: list[str]) -> list[list[str]]:
    rows: list[list[str]] = [[]]
    for node in _children(table):
        name = str(node.tag).strip().lower()
        if name == "tr":
            rows.append(
                [
                    _plain(cell.contents, tags)
                    for cell in _children(node)
                    if str(cell.tag).strip().lower() in {"td", "th"}
                ]
            )
        elif name in {"td", "th"}:
            rows[0].append(_plain(node.contents, tags))
    return rows


def _children(tag: Tag) -> list[Tag]:
    return [node for node in tag.contents.nodes if isinstance(node, Tag)] if tag.contents is not None else []


def _plain(code: Wikicode | None, tags: list[str]) -> str:
    return "".join(_plain_node(node, tags) for node in code.nodes) if code is not None else ""


def _plain_node(node: object, tags: list[str]) -> str:
    if isinstance(node, Text):
        return str(node.value)
    if isinstance(node, Template):
        return ""
    if isinstance(node, Wikilink):
        target = str(node.title).strip().lower()
        if target.startswith(_CATEGORY):
            tags.append(str(node.title).split(":", 1)[1])
            return ""
        return (
            ""
            if target.startswith(_FILE)
            else _plain(node.text if node.text is not None else node.title, tags)
        )
    if isinstance(node, Tag):
        name = str(node.tag).strip().lower()
        if name in _DROPPED_TAGS:
            return ""
        if name in {"li", "dd", "dt"} and node.self_closing:
            return "- " if name == "li" else ""
        if name == "br":
            return "\n"
        inner = _plain(node.contents, tags)
        return superscript(inner) if name == "sup" else subscript(inner) if name == "sub" else inner
    return node.__strip__() or "" if hasattr(node, "__strip__") else ""


def _day(stamp: str) -> date | None:
    try:
        return date.fromisoformat(stamp[:10])
    except ValueError:
        return None
