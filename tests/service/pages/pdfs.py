"""PDFs with text at known places. Written for these tests; not clinically reviewed."""

import io
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from corpora import CorpusSettings, read_corpus
from indexer import IndexSettings, build_index

FONT = "HeiseiMin-W3"
pdfmetrics.registerFont(UnicodeCIDFont(FONT))
SENTENCE = "クレアチニンが基準値の二倍になれば投与を中止する。"
"""On page 2 alone, which holds nothing else."""


def paper(rotation: int = 0) -> bytes:
    """Three pages; the second, turned by ``rotation``, holds `SENTENCE` in two lines."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    for number, lines in enumerate((["はじめに", "この文書は試験のために作られた。"], [], ["おわりに"])):
        canvas.setFont(FONT, 12)
        if number == 1:
            canvas.setPageRotation(rotation)
            canvas.drawString(100, 500, SENTENCE[:14])
            canvas.drawString(100, 482, SENTENCE[14:])
        for line, text in enumerate(lines):
            canvas.drawString(72, 760 - 18 * line, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def indexed(folder: Path, **files: bytes) -> Path:
    """Write ``files`` (a PDF each) into ``folder``/corpus and build ``folder``/index of them.

    Beside it lies ``index.toml``, which a rebuild reads.
    """
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (corpus / f"{name}.pdf").write_bytes(data)
    (folder / "index.toml").write_text('[[corpus]]\npaths = ["corpus"]\n', encoding="utf-8")
    build_index(read_corpus([corpus], CorpusSettings()), folder / "index", IndexSettings())
    return folder / "index"
