"""Adding documents on the documents page: what is taken, what is refused, and what is left behind."""

import gzip
import hashlib
import json
import re
import socket
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import html

from service.api.app import create_app
from service.audit.log import AuditLog
from service.audit.settings import AuditSettings
from service.sources.errors import BadUpload, KindNotRead
from service.sources.names import MAX_BYTES, clean_name
from service.state import StateSettings
from tests.corpora import hostile
from tests.service.conftest import Start, build
from tests.service.security.conftest import add_key, asked, settings

BROWSER = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Site": "same-origin"}
NOTE = """# 透析患者の掻痒

透析患者の掻痒にはナルフラフィンを用いることがある。まず皮膚の乾燥を確かめる。（試験用に作った文で、臨床的な査読を受けていない）
"""


class Site:
    """A service whose rebuilds read ``corpus`` and ``uploads``."""

    def __init__(self, start: Start, folder: Path, **uploads: Any) -> None:
        self.folder = folder
        self.uploads = folder / "uploads"
        self.config = folder / "index.toml"
        self.config.write_text(
            '[[corpus]]\npaths = ["corpus"]\n[[corpus]]\npaths = ["uploads"]\noptional = true\n',
            encoding="utf-8",
        )
        self.client = start(
            index={"dir": build(folder)},
            jobs={"rebuild_config": self.config, "poll_s": 0.05},
            uploads={"dir": self.uploads, **uploads},
        )
        self.client.headers.update(BROWSER)

    def upload(self, name: str, data: bytes, **fields: str) -> httpx.Response:
        return self.client.post("/documents", files={"file": (name, data)}, data=fields)

    def rebuild(self) -> dict[str, Any]:
        before = len(self.client.get("/api/v1/jobs").json()["items"])
        response = self.client.post("/index/rebuild")
        assert response.status_code == 303, response.text
        ended: dict[str, Any] = until(
            lambda: next(
                (
                    job
                    for job in self.client.get("/api/v1/jobs").json()["items"][:1]
                    if job["finished_at"] and len(self.client.get("/api/v1/jobs").json()["items"]) > before
                ),
                None,
            )
        )
        return ended

    def files(self) -> list[str]:
        """All that lies in the upload folder, hidden files too, its own two aside."""
        own = {".incoming/ledger.json", ".incoming/lock"}
        found = {
            path.relative_to(self.uploads).as_posix()
            for path in self.uploads.rglob("*")
            if path.is_file() or path.is_symlink()
        }
        return sorted(found - own)


def until(ready: Callable[[], Any], seconds: float = 90) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return found


def text(response: httpx.Response) -> str:
    return " ".join(html.fromstring(response.text).cssselect("main")[0].text_content().split())


@pytest.fixture(scope="module")
def site(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(start, tmp_path_factory.mktemp("site"), max_bytes=600_000)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("手順.pdf", "手順.pdf"),
        ("../../etc/手順.pdf", "手順.pdf"),
        ("C:\\Users\\a\\手順.PDF", "手順.PDF"),
        ("/etc/passwd.md", "passwd.md"),
        (".hidden.md", "hidden.md"),
        ("...md.md", "md.md"),
        ("a\x00b\r\nc.md", "abc.md"),
        ("gnp\u202etxt.fdp.md", "gnptxt.fdp.md"),
        ("  心不全 　の 手順 .docx ", "心不全 の 手順.docx"),
        ("か\u3099ん.md", "がん.md"),
        ('a:b*c?"d".jsonl.gz', "a_b_c__d_.jsonl.gz"),
    ],
)
def test_a_name_is_made_plain(given: str, name: str) -> None:
    assert clean_name(given) == name
    assert unicodedata.is_normalized("NFC", clean_name(given))


def test_a_long_name_is_cut_and_keeps_its_ending() -> None:
    name = clean_name("腎" * 300 + ".pdf")
    assert len(name.encode()) <= MAX_BYTES
    assert name.endswith("腎.pdf")


@pytest.mark.parametrize("given", ["", ".", "..", "../", "/", "\u202e", ".md", "..md", " .pdf"])
def test_a_name_of_nothing_is_refused(given: str) -> None:
    with pytest.raises(BadUpload):
        clean_name(given)


@pytest.mark.parametrize("given", ["a.exe", "a.html.zip", "a.doc", "a", "a.md.yaml", "a.pdf.", "README.md"])
def test_a_file_that_no_build_would_read_is_refused(given: str) -> None:
    if given == "a.pdf.":
        assert clean_name(given) == "a.pdf"
        return
    with pytest.raises(KindNotRead):
        clean_name(given, ("README*.md", ".*"))


def test_what_is_uploaded_is_found_after_the_rebuild_that_the_page_offers(site: Site) -> None:
    done = site.upload("../透析の掻痒.md", NOTE.encode())
    assert done.status_code == 201, text(done)
    assert "追加しました" in text(done)
    assert "文書1 段落1" in text(done)
    assert html.fromstring(done.text).cssselect("form[action='/index/rebuild'] button")
    assert site.files() == ["透析の掻痒.md"]
    assert (site.uploads / "透析の掻痒.md").read_bytes() == NOTE.encode()
    assert "透析の掻痒.md" in text(site.client.get("/documents"))
    assert "ナルフラフィン" not in text(site.client.get("/search", params={"q": "掻痒の薬"}))

    assert site.rebuild()["status"] == "succeeded"
    until(lambda: "ナルフラフィン" in text(site.client.get("/search", params={"q": "掻痒の薬"})))
    assert "次に索引を作り直すと" not in text(site.client.get("/documents"))
    assert "透析患者の掻痒" in text(site.client.get("/documents"))


def test_a_file_of_the_same_name_is_replaced_only_where_that_was_chosen(site: Site) -> None:
    assert site.upload("同名.md", "# 甲\n\n古い文である。\n".encode()).status_code == 201
    new = "# 甲\n\n新しい文である。\n".encode()
    refused = site.upload("同名.md", new)
    assert refused.status_code == 409
    assert "既にあります" in text(refused)
    assert "古い" in (site.uploads / "同名.md").read_text(encoding="utf-8")
    replaced = site.upload("同名.md", new, replace="true")
    assert replaced.status_code == 201
    assert "差し替えました" in text(replaced)
    assert (site.uploads / "同名.md").read_bytes() == new


def test_a_file_that_cannot_be_read_replaces_nothing(site: Site) -> None:
    assert site.upload("残る.md", NOTE.encode()).status_code == 201
    assert site.upload("残る.md", b"\x00\xff\xfe", replace="true").status_code == 422
    assert (site.uploads / "残る.md").read_bytes() == NOTE.encode()


def test_the_report_counts_documents_passages_remarks_and_duplicates(site: Site) -> None:
    long = "慢性腎臓病の患者では腎機能に応じて投与量を調節する。" * 60
    lines = [{"id": f"j{n}", "title": "乙", "text": long} for n in range(2)]
    data = "\n".join(json.dumps(one, ensure_ascii=False) for one in lines).encode()
    done = site.upload("束.jsonl", data)
    assert done.status_code == 201, text(done)
    assert re.search(r"文書2 段落[2-9] 文字\d{4}", text(done))
    assert "j1 says the same as j0" in text(done)
    again = site.upload("束の写し.jsonl", data.replace(b"j0", b"k0").replace(b"j1", b"k1"))
    assert again.status_code == 201


def test_the_same_bytes_under_another_name_are_remarked(site: Site) -> None:
    data = "# 写し\n\n同じ内容の文である。\n".encode()
    assert site.upload("写し一.md", data).status_code == 201
    assert "内容が同じファイルが既にあります: 写し一.md" in text(site.upload("写し二.md", data))


def test_an_id_of_another_documents_is_refused_before_it_breaks_a_build(site: Site) -> None:
    front = "---\nid: {}\ntitle: 丙\n---\n丙の文である。\n"
    of_corpus = site.upload("丙.md", front.format("hyperkalaemia").encode())
    assert of_corpus.status_code == 409
    assert "hyperkalaemia.md" in text(of_corpus)
    assert site.upload("丁.md", front.format("waiting-1").encode()).status_code == 201
    of_waiting = site.upload("戊.md", front.format("waiting-1").encode())
    assert of_waiting.status_code == 409
    assert "丁.md" in text(of_waiting)
    assert site.upload("丁.md", front.format("waiting-1").encode(), replace="true").status_code == 201
    assert not {"丙.md", "戊.md"} & set(site.files())


def _zip_bomb() -> bytes:
    return hostile.repacked(hostile.good_office("docx"), {}, {"media/zeros.xml": b"\x00" * (210 * 2**20)})


def _entity_bomb() -> bytes:
    return f'<?xml version="1.0"?>{hostile.bomb()}<article>&a9;</article>'.encode()


def _deep_gzip() -> bytes:
    return gzip.compress(b"[" * (40 * 2**20))


def _escaping_zip() -> bytes:
    return hostile.repacked(hostile.good_office("docx"), {}, {"../../../../tmp/jmedqa-escaped": b"x"})


def _encrypted() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600


HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [
    ("爆弾.docx", _zip_bomb, "inflates to"),
    ("実体.xml", _entity_bomb, "entit|DTD|amplif"),
    ("深い.jsonl.gz", _deep_gzip, "longer than"),
    ("外へ.docx", _escaping_zip, "a path out of its folder"),
    ("鍵.xlsx", _encrypted, "password-protected"),
    ("壊れた.pdf", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 400, "is no PDF or is damaged"),
    ("切れた.pptx", lambda: hostile.good_office("pptx")[:2_000], "is damaged"),
    ("中身は頁.pdf", lambda: b"<html><script>alert(1)</script></html>", "is no PDF or is damaged"),
    ("空.md", lambda: b"", "holds no text|empty|no text"),
    ("文字でない.txt", lambda: b"a\x00b\xff" * 100, "not text"),
    (
        "別名.md",
        lambda: (
            "---\na0: &a0 [x]\n"
            + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
            + "title: *a11\n---\n本文。"
        ).encode(),
        "front matter",
    ),
]


@pytest.mark.parametrize(("name", "data", "reason"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_a_hostile_file_is_refused_with_its_reason_and_leaves_nothing(
    site: Site, name: str, data: Callable[[], bytes], reason: str
) -> None:
    before = site.files()
    refused = site.upload(name, data())
    assert refused.status_code == 422, text(refused)
    assert "追加できませんでした" in text(refused)
    assert re.search(reason, text(refused)), text(refused)
    assert str(site.folder) not in refused.text
    assert "<script>alert" not in refused.text
    assert site.files() == before
    assert not Path("/tmp/jmedqa-escaped").exists()


def test_markup_in_a_name_is_shown_as_text(site: Site) -> None:
    done = site.upload("<img src=x onerror=alert(1)>.md", NOTE.encode())
    assert done.status_code == 201
    assert "<img src=x" not in done.text
    assert "_img src=x onerror=alert(1)_.md" in text(done)


def test_a_file_above_the_limit_is_refused_and_leaves_nothing(site: Site) -> None:
    before = site.files()
    refused = site.upload("大.md", b"a" * 600_001)
    assert refused.status_code == 413
    assert "大きすぎます" in text(refused)
    assert site.files() == before


def test_a_body_without_a_length_is_bounded_too(site: Site) -> None:
    """Chunked: nothing says beforehand how much will come."""

    def chunks() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\n'
        for _ in range(100):
            yield b"a" * 10_000
        yield b"\r\n--b--\r\n"

    before = site.files()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    refused = site.client.post("/documents", content=chunks(), headers=headers)
    assert refused.status_code == 413
    assert site.files() == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"file=a"),
        ("multipart/form-data", b"--b\r\n\r\n--b--"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"no form at all"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\n# cut off',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\nx\r\n'
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="b.md"\r\n\r\nx\r\n--b--\r\n',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="replace"\r\n\r\n'
            + b"x" * 5_000
            + b"\r\n--b--\r\n",
        ),
        ("multipart/form-data; boundary=b", b"--b\r\nX: " + b"x" * 9_000 + b"\r\n\r\n\r\n--b--\r\n"),
    ],
)
def test_what_is_no_form_with_one_file_is_refused(site: Site, kind: str, body: bytes) -> None:
    before = site.files()
    refused = site.client.post("/documents", content=body, headers={"Content-Type": kind})
    assert refused.status_code == 422, refused.text
    assert site.files() == before


def test_no_other_form_takes_what_an_upload_may_hold(site: Site) -> None:
    """The upload's limit is its own: a form of the other pages is bounded as a body of the API is."""
    for address in ("/ask", "/signin", "/index/rollback"):
        refused = site.client.post(
            address, files={"file": ("a.md", b"a" * 1_100_000)}, data={"question": "x"}
        )
        assert refused.status_code == 413, address
        refused = site.client.post(address, data={"question": "x" * 1_100_000})
        assert refused.status_code == 413, address
        assert "大きすぎます" in text(refused)


def test_the_page_says_what_is_missing_where_uploads_are_not_set_up(
    start: Start, tmp_path: Path, index_dir: Path
) -> None:
    plain = start()
    plain.headers.update(BROWSER)
    assert "[uploads]" in text(plain.get("/documents"))
    assert plain.post("/documents", files={"file": ("a.md", b"x")}).status_code == 409

    config = tmp_path / "index.toml"
    config.write_text('[[corpus]]\npaths = ["corpus"]\n', encoding="utf-8")
    aside = start(uploads={"dir": tmp_path / "up"}, jobs={"rebuild_config": config})
    aside.headers.update(BROWSER)
    said = text(aside.get("/documents"))
    assert "[[corpus]]" in said
    assert str(tmp_path / "up") in said
    assert aside.post("/documents", files={"file": ("a.md", NOTE.encode())}).status_code == 409
    assert not (tmp_path / "up").exists()

    config.write_text('[[corpus]]\npaths = ["up"]\nexclude = []\noptional = true\n', encoding="utf-8")
    assert 'exclude に ".*"' in text(aside.get("/documents"))  # or a build might read what still arrives
    config.write_text('[[corpus]]\npaths = ["up"]\noptional = true\n', encoding="utf-8")
    assert html.fromstring(aside.get("/documents").text).cssselect("input[type=file]")  # without a restart


def test_readers_neither_see_the_form_nor_may_send_it(start: Start, tmp_path: Path) -> None:
    keys = tmp_path / "state"
    reader, admin = add_key(keys, "read", "ask"), add_key(keys, "read", "admin")
    config = tmp_path / "index.toml"
    config.write_text('[[corpus]]\npaths = ["up"]\noptional = true\n', encoding="utf-8")
    client = start(state={"dir": keys}, uploads={"dir": tmp_path / "up"}, jobs={"rebuild_config": config})
    file = {"file": ("a.md", NOTE.encode())}
    for key, status, shown in ((reader, 403, 0), (admin, 201, 1)):
        headers = BROWSER | {"Cookie": f"jmedqa_key={key}"}
        page = html.fromstring(client.get("/documents", headers=headers).text)
        assert len(page.cssselect("input[type=file]")) == shown
        assert client.post("/documents", files=file, headers=headers).status_code == status
    foreign = BROWSER | {"Cookie": f"jmedqa_key={admin}", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/documents", files=file, headers=foreign).status_code == 403


def test_the_audit_log_knows_who_uploaded_what(index_dir: Path, tmp_path: Path) -> None:
    state, config = tmp_path / "state", tmp_path / "index.toml"
    config.write_text('[[corpus]]\npaths = ["up"]\noptional = true\n', encoding="utf-8")
    key = add_key(state, "admin")
    app = create_app(
        settings(
            index_dir,
            state,
            audit={"text": True},
            uploads={"dir": tmp_path / "up"},
            jobs={"rebuild_config": config},
        )
    )

    async def work(client: httpx.AsyncClient) -> None:
        for name, data in (("良.md", NOTE.encode()), ("悪.pdf", b"%PDF"), ("種.exe", b"x")):
            await client.post("/documents", files={"file": (name, data)})

    asked(app, work, headers={"Authorization": f"Bearer {key}"})
    log = AuditLog(AuditSettings(), StateSettings(dir=state))
    log.open()
    entries = [json.loads(line) for line in log.export()]
    log.close()
    digest = hashlib.sha256(NOTE.encode()).hexdigest()
    assert [(one["outcome"], one["status"]) for one in entries] == [
        ("uploaded", 201),
        ("upload-refused", 422),
        ("kind-not-read", 415),
    ]
    assert entries[0]["asked"] == ["良.md", f"sha256:{digest}"]
    assert {one["who"] for one in entries} == {key[4:16]}
    assert {one["route"] for one in entries} == {"/documents"}


def test_a_file_may_take_longer_to_arrive_than_a_question(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection of a slow body is cut; that of an upload whose sender may upload has its own time."""
    monkeypatch.setattr("service.overload.protocol._BODY_GRACE_S", 0.5)
    config = tmp_path / "index.toml"
    config.write_text('[[corpus]]\npaths = ["up"]\noptional = true\n', encoding="utf-8")
    client = start(
        server={"body_timeout_s": 0.5}, uploads={"dir": tmp_path / "up"}, jobs={"rebuild_config": config}
    )
    port = client.base_url.port
    assert port is not None

    def slowly(address: str) -> bytes:
        part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="slow.md"\r\n\r\n'
        body = part + NOTE.encode() + b"\r\n--b--\r\n"
        head = (
            f"POST {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(head.encode() + body[:100])
            time.sleep(1.6)
            connection.sendall(body[100:])
            return connection.recv(12)

    assert slowly("/documents") == b"HTTP/1.1 201"
    assert slowly("/ask") == b"HTTP/1.1 408"
