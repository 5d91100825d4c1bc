"""Originals: handed out by a document's id alone, as they were indexed, and never as a page of this site."""

import json
import re
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from lxml import html

from corpora import CorpusSettings, read_corpus
from indexer import IndexSettings, build_index
from tests.corpora.hostile import good_pdf
from tests.requirements import REPOSITORY
from tests.service.conftest import Start
from tests.service.pages.pdfs import SENTENCE, indexed, paper
from tests.service.security.conftest import add_key

BROWSER = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Site": "same-origin"}
PDFJS = REPOSITORY / "service" / "pages" / "static" / "pdfjs"


class Site:
    """A service on an index of PDFs and of other files, some of which lie where nothing is handed out."""

    def __init__(self, start: Start, folder: Path) -> None:
        self.folder, self.corpus = folder, folder / "corpus"
        self.corpus.mkdir()
        secret = folder / "secret.md"
        secret.write_text("# 秘密\n\n外にある文である。\n", encoding="utf-8")
        (self.corpus / "paper.pdf").write_bytes(paper())
        (self.corpus / "変わる.pdf").write_bytes(good_pdf(2))
        (self.corpus / "page.html").write_text("<title>頁</title><p>頁の本文である。</p>", encoding="utf-8")
        lines = [{"id": f"line-{n}", "title": "束", "text": f"束の{n}番の文である。"} for n in range(2)]
        (self.corpus / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
        (self.corpus / "link.md").symlink_to(secret)
        (self.corpus / "file.md").write_text("---\nid: a/file\n---\n道の名の文である。\n", encoding="utf-8")
        (folder / "index.toml").write_text('[[corpus]]\npaths = ["corpus"]\n', encoding="utf-8")
        documents = read_corpus([self.corpus, secret], CorpusSettings(), root=folder)
        build_index(documents, folder / "index", IndexSettings())
        self.client = start(index={"dir": folder / "index"}, jobs={"rebuild_config": folder / "index.toml"})
        self.client.headers.update(BROWSER)

    def file(self, doc_id: str, **headers: str) -> httpx.Response:
        return self.client.get(f"/files/{quote(doc_id, safe='')}", headers=headers)

    def viewer(self, doc_id: str, **query: str | int) -> httpx.Response:
        return self.client.get(f"/viewer/{quote(doc_id, safe='')}", params=query)


@pytest.fixture(scope="module")
def site(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(start, tmp_path_factory.mktemp("originals"))


def test_the_original_is_saved_and_never_opened_as_a_page(site: Site) -> None:
    response = site.file("corpus/paper.pdf")
    assert response.status_code == 200
    assert response.content == paper()
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["content-disposition"] == 'attachment; filename="paper.pdf"'
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in response.headers["content-security-policy"]
    assert "script-src" not in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == "private, no-store"
    web = site.file("corpus/page.html")
    assert web.headers["content-type"] == "application/octet-stream"
    assert web.headers["content-disposition"].startswith("attachment")


def test_a_part_of_it_is_sent_where_a_part_is_asked_for(site: Site) -> None:
    response = site.file("corpus/paper.pdf", Range="bytes=0-7")
    assert response.status_code == 206
    assert response.content == paper()[:8]
    assert response.headers["content-range"] == f"bytes 0-7/{len(paper())}"


def test_an_id_that_ends_like_an_address_is_a_document_as_any_other(site: Site) -> None:
    assert "道の名の文".encode() in site.file("a/file").content
    assert site.client.get("/documents/a%2Ffile").status_code == 200


@pytest.mark.parametrize(
    "doc_id",
    [
        "secret",  # outside of the folders of the configuration
        "corpus/link",  # a link to a file outside
        "line-0",  # a file of many documents
        "corpus/paper",
        "paper.pdf",
        "../secret.md",
        "corpus/../secret.md",
        "corpus/../corpus/paper.pdf",
        "/etc/passwd",
        "etc/passwd",
        "index.toml",
        "corpus/paper.pdf\x00",
        "x" * 3_000,
    ],
)
def test_what_the_index_does_not_name_is_not_handed_out(site: Site, doc_id: str) -> None:
    assert site.file(doc_id).status_code == 404
    assert site.viewer(doc_id).status_code == 404


def test_a_file_that_has_changed_since_is_not_shown_as_the_one_that_was_cited(site: Site) -> None:
    assert site.file("corpus/変わる.pdf").status_code == 200
    (site.corpus / "変わる.pdf").write_bytes(paper(180))
    for response in (site.file("corpus/変わる.pdf"), site.viewer("corpus/変わる.pdf")):
        assert response.status_code == 409
        assert "変更されています" in response.text
    (site.corpus / "変わる.pdf").unlink()
    assert site.file("corpus/変わる.pdf").status_code == 404


def test_the_passage_leads_to_its_page_with_its_place_boxed(site: Site) -> None:
    found = site.client.get("/api/v1/search", params={"q": "クレアチニン", "mode": "lexical"}).json()
    passage = found["hits"][0]["passage"]
    begin = passage["text"].index(SENTENCE)
    address = f"/passages/{quote(passage['passage_id'], safe='')}"
    query = {"start": begin, "end": begin + len(SENTENCE)}
    page = html.fromstring(site.client.get(address, params=query).text)
    (link,) = [one for one in page.cssselect("a.button") if "PDFの該当ページを開く" in one.text_content()]
    viewer = html.fromstring(site.client.get(link.get("href") or "").text)
    root = viewer.cssselect("#pdf")[0]
    assert root.get("data-page") == "2"
    (place,) = [
        one
        for one in passage["locators"]
        if one["start"] < passage["start"] + query["end"] and passage["start"] + begin < one["end"]
    ]
    assert json.loads(root.get("data-boxes") or "") == [{"page": 2, "box": place["box"]}]
    assert root.get("data-file") == f"/files/{quote(passage['doc_id'], safe='')}"
    # Without scripts: how to get the file, and the passage as text.
    assert "スクリプトが必要です" in viewer.cssselect("noscript")[0].text_content()
    assert {root.get("data-file"), f"{address}?start={begin}&end={query['end']}#quote"} <= {
        one.get("href") for one in viewer.cssselect("main a")
    }


def test_a_passage_of_another_document_boxes_nothing(site: Site) -> None:
    viewer = site.viewer("corpus/paper.pdf", passage="line-0", page=3)
    root = html.fromstring(viewer.text).cssselect("#pdf")[0]
    assert (root.get("data-page"), root.get("data-boxes")) == ("3", "[]")


def test_no_link_is_shown_where_the_original_is_not_at_hand(start: Start, site: Site) -> None:
    assert "/files/" in site.client.get("/documents/corpus%2Fpaper.pdf").text
    assert "/viewer/" in site.client.get("/documents/corpus%2Fpaper.pdf").text
    assert "/viewer/" not in site.client.get("/documents/corpus%2Fpage.html").text
    for doc_id in ("secret", "line-0"):
        assert "/files/" not in site.client.get(f"/documents/{doc_id}").text
    parts: list[dict[str, dict[str, object]]] = [
        {},  # no configuration says which folders are sources
        {"jobs": {"rebuild_config": site.folder / "index.toml"}, "originals": {"serve": False}},
    ]
    for sections in parts:
        other = start(index={"dir": site.folder / "index"}, **sections)
        other.headers.update(BROWSER)
        assert "/files/" not in other.get("/documents/corpus%2Fpaper.pdf").text
        assert other.get("/files/corpus%2Fpaper.pdf").status_code == 404


def test_only_who_may_read_gets_it(start: Start, site: Site, tmp_path: Path) -> None:
    asking, reading = add_key(tmp_path, "ask"), add_key(tmp_path, "read")
    client = start(
        index={"dir": site.folder / "index"},
        jobs={"rebuild_config": site.folder / "index.toml"},
        state={"dir": tmp_path},
    )
    for address in ("/files/corpus%2Fpaper.pdf", "/viewer/corpus%2Fpaper.pdf"):
        assert client.get(address).status_code == 401
        assert client.get(address, headers={"Authorization": f"Bearer {asking}"}).status_code == 403
        assert client.get(address, headers={"Authorization": f"Bearer {reading}"}).status_code == 200


def test_the_vendored_viewer_is_the_one_its_readme_names(site: Site) -> None:
    told = dict(re.findall(r"(\S+\.mjs) +([0-9a-f]{64})", (PDFJS / "README.md").read_text(encoding="utf-8")))
    assert set(told) == {"pdf.min.mjs", "pdf.worker.min.mjs"}
    for name, digest in told.items():
        assert sha256((PDFJS / name).read_bytes()).hexdigest() == digest
        served = site.client.get(f"/static/pdfjs/{name}")
        assert "javascript" in served.headers["content-type"]
    assert site.client.get("/static/pdfjs/cmaps/UniJIS-UTF16-H.bcmap").status_code == 200


def test_an_uploaded_pdf_is_at_hand_after_the_rebuild(start: Start, tmp_path: Path) -> None:
    index = indexed(tmp_path, paper=paper())
    config = tmp_path / "index.toml"
    config.write_text(config.read_text() + '[[corpus]]\npaths = ["up"]\noptional = true\n', encoding="utf-8")
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "上.pdf").write_bytes(paper(270))
    documents = [
        *read_corpus([tmp_path / "corpus"], CorpusSettings()),
        *read_corpus([tmp_path / "up"], CorpusSettings()),
    ]
    build_index(documents, index, IndexSettings())
    client = start(index={"dir": index}, jobs={"rebuild_config": config}, uploads={"dir": tmp_path / "up"})
    assert client.get("/files/%E4%B8%8A.pdf").content == paper(270)
    assert (
        "filename*=utf-8''%E4%B8%8A.pdf" in client.get("/files/%E4%B8%8A.pdf").headers["content-disposition"]
    )
