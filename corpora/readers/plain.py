"""Plain text in any Japanese encoding; lines that are plainly headings become sections."""

import re
from collections.abc import Iterator

from corpora.cleaning import clean
from corpora.composing import Composer
from corpora.documents import Document
from corpora.encodings import decode_japanese
from corpora.readers import Source

_MAX_BYTES = 64 * 2**20
_HEADING = re.compile(
    r"(?P<part>第[0-9０-９一二三四五六七八九十]+[章編部])[ \u3000]*\S.{0,40}$"
    r"|(?P<section>第[0-9０-９一二三四五六七八九十]+[節条])[ \u3000]*\S.{0,40}$"
    r"|(?P<mark>[■◆●▼]|【(?=.*】$))[ \u3000]*\S.{0,40}$"
)
_LEVELS = {"part": 1, "section": 2, "mark": 3}
_ITEM = re.compile(r"[ \t\u3000]*[-*・•‣◦●○][ \t\u3000]*(?=\S)")


def read(source: Source) -> Iterator[Document]:
    """Yield the file as one document."""
    if source.path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"is larger than {_MAX_BYTES // 2**20} MiB; split it, or use JSON lines")
    text, encoding = decode_japanese(source.path.read_bytes())
    if encoding not in {"utf-8", "utf-8-sig"}:
        source.note(f"read as {encoding}")
    composer = Composer()
    paragraph: list[str] = []

    def close() -> None:
        composer.paragraph("\n".join(paragraph))
        paragraph.clear()

    for line in clean(text).split("\n"):
        heading = _HEADING.match(line.strip())
        if not line.strip():
            close()
        elif heading and not line.rstrip().endswith(("。", "、", "，")):
            close()
            composer.heading(line, _LEVELS[heading.lastgroup or "mark"])
        elif item := _ITEM.match(line):
            close()
            composer.item(line[item.end() :])
        else:
            paragraph.append(line.rstrip())
    close()
    yield composer.document(
        source.doc_id,
        title=composer.first_heading or source.path.stem,
        source=source.settings.source,
        licence=source.settings.licence,
        origin=source.origin,
    )
