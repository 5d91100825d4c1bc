"""Hostile and broken files, made here. Each is a name, its bytes, and what the report must say of it."""

import bz2
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import docx
import openpyxl
import pptx
from reportlab.pdfgen.canvas import Canvas

MIB = 2**20
READ = None
"""The file is odd but does no harm: it may be read, or be refused."""


class Hostile(NamedTuple):
    name: str
    data: bytes
    reason: str | None


def good_pdf(pages: int = 3) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    for number in range(pages):
        canvas.drawString(72, 700, f"Potassium was high in patient number {number} of the ward.")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def good_office(kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "docx":
        word = docx.Document()
        word.add_paragraph("高カリウム血症の治療。")
        word.save(out)
    elif kind == "pptx":
        show = pptx.Presentation()
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.placeholders[1].text_frame.text = "高カリウム血症の治療。"
        show.save(out)
    else:
        book = openpyxl.Workbook()
        book.active.append(["薬", "量"])
        book.active.append(["甲", 10])
        book.save(out)
    return out.getvalue()


MAIN_PART = {"docx": "word/document.xml", "pptx": "ppt/presentation.xml", "xlsx": "xl/workbook.xml"}


def repacked(data: bytes, replace: dict[str, bytes], add: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = replace.get(name, old.read(name))
            if body is not None:
                new.writestr(name, body)
        for name, body in (add or {}).items():
            new.writestr(name, body)
    return out.getvalue()


def bomb(entities: int = 9) -> str:
    lines = '<!ENTITY a0 "lol">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, entities + 1)
    )
    return f"<!DOCTYPE bomb [{lines}]>"


def pdf_of(objects: list[bytes], trailer: bytes = b"") -> bytes:
    data = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, trailer, table)
    return bytes(data)


def stream(body: bytes, entries: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(body), body)


CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>/XObject<</X 6 0 R>>>>>>"
HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def pdfs() -> Iterator[Hostile]:
    good = good_pdf()
    yield Hostile("empty.pdf", b"", "is no PDF or is damaged")
    yield Hostile("only-header.pdf", b"%PDF-1.7\n", "is no PDF or is damaged")
    yield Hostile("noise.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 400, "is no PDF or is damaged")
    yield Hostile("html-inside.pdf", b"<html><body>not found</body></html>", "is no PDF or is damaged")
    for part in range(1, 11):
        yield Hostile(f"cut-{part}.pdf", good[: len(good) * part // 11], READ)
    for seed in range(8):
        broken = bytearray(good)
        for at in range(seed * 7 + 20, len(broken), 97 + seed):
            broken[at] ^= 0x55
        yield Hostile(f"flipped-{seed}.pdf", bytes(broken), READ)
    text = stream(b"BT /F1 12 Tf 72 700 Td (hello world of potassium) Tj ET")
    yield Hostile("no-pages.pdf", pdf_of([b"<</Type/Catalog>>"]), "pages|damaged")
    yield Hostile(
        "count-of-billions.pdf",
        pdf_of([CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count 2000000000>>", PAGE, text, HELVETICA]),
        READ,
    )
    yield Hostile(
        "kids-cycle.pdf", pdf_of([CATALOG, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 4>>"]), "page|damaged|text"
    )
    yield Hostile("endless-xref.pdf", pdf_of([CATALOG, PAGES, PAGE, text, HELVETICA], b"/Prev 9"), READ)
    many = b" ".join(b"%d 0 R" % 3 for _ in range(6000))
    yield Hostile(
        "endless-pages.pdf",
        pdf_of([CATALOG, b"<</Type/Pages/Kids[%s]/Count 6000>>" % many, PAGE, text, HELVETICA]),
        "6,000 pages; 1 to 5,000",
    )
    inflate = stream(zlib.compress(b" " * (300 * MIB), 9), b"/Filter/FlateDecode")
    yield Hostile(
        "flate-bomb.pdf",
        pdf_of([CATALOG, PAGES, PAGE, inflate, HELVETICA]),
        "holds no text|memory|MiB|damaged",
    )
    twice = stream(
        zlib.compress(zlib.compress(b"q " * (200 * MIB), 9), 9), b"/Filter[/FlateDecode/FlateDecode]"
    )
    yield Hostile(
        "flate-bomb-twice.pdf",
        pdf_of([CATALOG, PAGES, PAGE, twice, HELVETICA]),
        "holds no text|memory|MiB|damaged|processor",
    )
    recursive = stream(
        b"/X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>"
    )
    yield Hostile(
        "form-in-itself.pdf",
        pdf_of([CATALOG, PAGES, PAGE, stream(b"/X Do"), HELVETICA, recursive]),
        "holds no text",
    )
    yield Hostile("deep-arrays.pdf", pdf_of([CATALOG, PAGES, b"[" * 100_000]), "damaged|page|text")
    crowd = stream(b"BT /F1 1 Tf 9 TL 72 700 Td " + b"(abcdefghij) Tj T* " * 6_000 + b"ET")
    yield Hostile(
        "crowded-page.pdf",
        pdf_of([CATALOG, PAGES, PAGE, crowd, HELVETICA]),
        "60,000 characters|more than any real page|characters",
    )
    yield Hostile(
        "launch-action.pdf",
        pdf_of(
            [
                b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/Launch/F(/bin/sh)>>>>",
                PAGES,
                PAGE,
                text,
                HELVETICA,
            ]
        ),
        READ,
    )
    yield Hostile(
        "nan-box.pdf",
        pdf_of([CATALOG, PAGES, PAGE.replace(b"595 842", b"-1e38 99999999999999999999"), text, HELVETICA]),
        READ,
    )


def offices() -> Iterator[Hostile]:
    for kind, part in MAIN_PART.items():
        good = good_office(kind)
        other = "xlsx" if kind != "xlsx" else "docx"
        with zipfile.ZipFile(io.BytesIO(good)) as archive:
            body = archive.read(part)
        prolog, _, rest = body.partition(b"?>")
        yield Hostile(f"empty.{kind}", b"", "is damaged")
        yield Hostile(f"no-zip.{kind}", b"PK\x03\x04" + b"\x00" * 500, "is damaged")
        yield Hostile(
            f"old-format.{kind}",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
            "password-protected or of the old",
        )
        for share in (3, 5, 9):
            yield Hostile(f"cut-{share}.{kind}", good[: len(good) * share // 10], "is damaged")
        yield Hostile(f"really-{other}.{kind}", good_office(other), "has no part")
        yield Hostile(
            f"zip-bomb.{kind}",
            repacked(good, {}, {"media/zeros.xml": b"\x00" * (210 * MIB)}),
            "inflates to 2.. MiB",
        )
        yield Hostile(
            f"path-out.{kind}",
            repacked(good, {}, {"../../../../tmp/jmedqa-escaped": b"x"}),
            "a path out of its folder",
        )
        yield Hostile(
            f"absolute-path.{kind}",
            repacked(good, {}, {"/tmp/jmedqa-escaped": b"x"}),
            "a path out of its folder",
        )
        yield Hostile(
            f"entity-bomb.{kind}",
            repacked(good, {part: prolog + b"?>" + bomb().encode() + rest}),
            "declares a DTD",
        )
        outside = b'<!DOCTYPE x [<!ENTITY p SYSTEM "file:///etc/passwd">]>'
        yield Hostile(
            f"reads-files.{kind}", repacked(good, {part: prolog + b"?>" + outside + rest}), "declares a DTD"
        )
        yield Hostile(
            f"bad-xml.{kind}",
            repacked(good, {part: body[: len(body) // 2]}),
            "failed|well-formed|damaged|syntax",
        )
        deep = b"<?xml version='1.0'?>" + b"<a>" * 100_000 + b"</a>" * 100_000
        yield Hostile(
            f"deep.{kind}", repacked(good, {part: deep}), "failed|nested|depth|Excessive|damaged|crashed"
        )
        crowded = io.BytesIO(good)
        with zipfile.ZipFile(crowded, "a") as archive:
            for number in range(20_001):
                archive.writestr(f"x/{number}", b"")
        yield Hostile(f"crowd.{kind}", crowded.getvalue(), "parts, more than any Office file")
        locked = bytearray(good)
        at = locked.find(b"PK\x01\x02")
        while at >= 0:
            locked[at + 8] |= 1
            at = locked.find(b"PK\x01\x02", at + 4)
        yield Hostile(f"encrypted.{kind}", bytes(locked), "is encrypted|damaged")
        lying = bytearray(repacked(good, {}, {"media/z.xml": b"\x00" * (50 * MIB)}))
        at = lying.rfind(b"PK\x01\x02")
        struct.pack_into("<I", lying, at + 24, 10)
        yield Hostile(f"lying-size.{kind}", bytes(lying), READ)


def xmls() -> Iterator[Hostile]:
    insert = "<PackIns><Warnings><Detail><Lang>{}</Lang></Detail></Warnings></PackIns>"
    yield Hostile("empty.xml", b"", "not well-formed")
    yield Hostile("billion-laughs.xml", (bomb() + insert.format("&a9;")).encode(), "entities|well-formed")
    blowup = f'<!DOCTYPE x [<!ENTITY a "{"x" * 100_000}">]>' + insert.format("&a;" * 10_000)
    yield Hostile("quadratic.xml", blowup.encode(), "entities|well-formed")
    for name, system in (
        ("file", "file:///etc/passwd"),
        ("http", "http://127.0.0.1:9/x"),
        ("self", "billion-laughs.xml"),
    ):
        text = f'<!DOCTYPE x [<!ENTITY a SYSTEM "{system}">]>' + insert.format("&a;")
        yield Hostile(f"external-{name}.xml", text.encode(), "entities")
    parameter = '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>' + insert.format("本文。")
    yield Hostile("parameter-entity.xml", parameter.encode(), "entities|well-formed")
    yield Hostile(
        "external-dtd.xml",
        ('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + insert.format("本文である。")).encode(),
        READ,
    )
    yield Hostile("deep.xml", b"<PackIns>" + b"<a>" * 200_000, "well-formed|nested")
    yield Hostile(
        "deep-but-closed.xml",
        b"<PackIns>" + b"<a>" * 250 + b"x" + b"</a>" * 250 + b"</PackIns>",
        "nested|well-formed",
    )
    yield Hostile("long-name.xml", b"<" + b"a" * (12 * MIB) + b"/>", "well-formed|none of those")
    yield Hostile("unknown-root.xml", b"<rss/>", "none of those read")
    yield Hostile("zero-bytes.xml", b"<PackIns>\x00\x00</PackIns>", "well-formed|text")
    yield Hostile(
        "wrong-encoding.xml",
        '<?xml version="1.0" encoding="UTF-8"?><PackIns>用量</PackIns>'.encode("cp932"),
        "well-formed",
    )
    yield Hostile("no-encoding.xml", b'<?xml version="1.0" encoding="x-none"?><PackIns/>', "well-formed|text")
    yield Hostile(
        "utf16-bomb.xml",
        ('<?xml version="1.0" encoding="UTF-16"?>' + bomb() + insert.format("&a9;")).encode("utf-16"),
        "entities|well-formed",
    )
    yield Hostile("empty-insert.xml", b"<PackIns/>", "holds no text")
    zeros = b"<mediawiki><page><revision><text>" + b"x" * (210 * MIB)
    yield Hostile("gzip-bomb.xml.gz", gzip.compress(zeros), "MiB|well-formed")
    yield Hostile("bzip2-bomb.xml.bz2", bz2.compress(zeros), "MiB|well-formed")
    yield Hostile("no-gzip.xml.gz", b"hello", "cannot be read|failed")
    yield Hostile(
        "cut-gzip.xml.gz",
        gzip.compress(insert.format("本文。").encode() * 1000)[:60],
        "cannot be read|failed|well-formed",
    )
    yield Hostile("no-pmid.xml", b"<PubmedArticleSet><PubmedArticle/></PubmedArticleSet>", "has no PMID")
    wiki = (
        "<mediawiki><page><title>x</title><revision><text>"
        + "{{" * 50_000
        + "</text></revision></page></mediawiki>"
    )
    yield Hostile("open-templates.xml", wiki.encode(), READ)
    yield Hostile("open-links.xml", wiki.replace("{{", "[[").encode(), READ)


def texts() -> Iterator[Hostile]:
    yield Hostile("empty.txt", b"", "holds no text")
    yield Hostile("blank.txt", "　\n \n".encode(), "holds no text")
    yield Hostile("zero-bytes.txt", b"abc\x00\x00def", "not text")
    yield Hostile("noise.txt", bytes(range(1, 256)) * 20, "no text in|garbled")
    yield Hostile(
        "mojibake.txt",
        ("腎機能に応じて投与量を調節する。" * 20).encode().decode("cp932", "replace").encode(),
        "garbled",
    )
    yield Hostile(
        "latin-mojibake.txt",
        ("腎機能に応じて投与量を調節する。" * 20).encode().decode("latin-1").encode(),
        "garbled",
    )
    yield Hostile("private-use.txt", ("\ue000\ue001投与\ue002" * 50).encode(), "garbled")
    yield Hostile("replaced.txt", ("投与量\ufffd\ufffdは" * 50).encode(), "garbled")
    yield Hostile("one-line.txt", "腎".encode() * (9 * MIB // 3), READ)
    yield Hostile("open-quote.csv", b'a,b\n"c,d\n', "is not CSV")
    yield Hostile("empty.csv", b"", "holds no text")
    yield Hostile("wide.csv", b"," * 300_000, "holds no text")
    yield Hostile("zero.csv", b"a\x00b", "not text")
    yield Hostile("empty.html", b"", "holds no text")
    yield Hostile("deep.html", b"<div>" * 300_000 + b"x", READ)
    yield Hostile("deep-table.html", b"<table><tr><td>" * 20_000 + b"x", READ)
    yield Hostile("script-only.html", b"<html><script>alert(1)</script></html>", "holds no text")
    yield Hostile("crowd.html", b"<i>" + b"<b></b>" * 2_500_000, "elements|memory|processor|MiB")
    yield Hostile("zero.html", b"<p>\x00\x00", "not text")
    yield Hostile("odd-charset.html", '<meta charset="x-evil"><p>腎臓の本文。</p>'.encode(), READ)
    yield Hostile("endless-line.jsonl.gz", gzip.compress(b"[" * (40 * MIB)), "longer than")
    yield Hostile("deep.jsonl", b"[" * 200_000, "not JSON")
    yield Hostile(
        "aliases.md",
        (
            "---\na0: &a0 [x]\n"
            + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
            + "title: *a11\n---\n本文。"
        ).encode(),
        "front matter",
    )
    yield Hostile("python-tag.md", b"---\na: !!python/object/apply:os.system [id]\n---\nx", "not YAML")
    yield Hostile("deep-quote.md", b">" * 20_000 + b"x", READ)


def everything() -> list[Hostile]:
    return [*pdfs(), *offices(), *xmls(), *texts()]
