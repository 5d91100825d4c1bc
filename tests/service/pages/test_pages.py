"""The pages without scripts: what they hold, whom they refuse, where their links lead."""

import gzip
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from lxml import html

from service.pages.answer_view import Piece, blocks_of
from service.pages.ask_form import choices_of
from service.pages.reading import web_address
from service.pages.site import own_address
from service.pages.texts import TEXTS
from tests.requirements import REPOSITORY
from tests.service.conftest import Start
from tests.service.security.conftest import add_key

QUESTION = "CKD患者で高カリウム血症を認めたときの初期対応は？"
BROWSER = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Site": "same-origin"}
STATIC = REPOSITORY / "service" / "pages" / "static"


@pytest.fixture(scope="module")
def reader(start: Start) -> httpx.Client:
    client = start()
    client.headers.update(BROWSER)
    return client


def tree(response: httpx.Response) -> html.HtmlElement:
    assert response.headers["content-type"].startswith("text/html")
    return html.fromstring(response.text)


def asked(reader: httpx.Client, **fields: str) -> httpx.Response:
    return reader.post("/ask", data={"question": QUESTION, **fields}, follow_redirects=True)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("A テント状T波\nB デルタ波", [("A", "テント状T波"), ("B", "デルタ波")]),
        ("A. テント状T波\n\nB) デルタ波", [("A", "テント状T波"), ("B", "デルタ波")]),
        ("1）　高い\n2：　低い", [("A", "1）\u3000高い"), ("B", "2：\u3000低い")]),
        ("① 高い\n② 低い", [("①", "高い"), ("②", "低い")]),
        ("グルコン酸カルシウム\n鉄剤", [("A", "グルコン酸カルシウム"), ("B", "鉄剤")]),
        ("calcium gluconate\niron", [("A", "calcium gluconate"), ("B", "iron")]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_choices_are_read_with_or_without_labels(written: str, read: list[tuple[str, str]]) -> None:
    assert [(one["label"], one["text"]) for one in choices_of(written)] == read


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("/search?q=浮腫", "/search?q=%E6%B5%AE%E8%85%AB"),
        ("/documents/a%20b", "/documents/a%20b"),
        ("https://example.org/", "/"),
        ("//example.org/", "/"),
        ("/\\example.org", "/"),
        ("\\\\example.org", "/"),
        ("javascript:alert(1)", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_never_leads_to_another_server(address: str, own: str) -> None:
    assert own_address(address) == own


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("https://example.org/a", True),
        ("http://example.org/a", True),
        ("javascript:alert(1)", False),
        ("data:text/html,a", False),
        ("https://user:secret@example.org/", False),
        ("https://example.org/ a", False),
        ("https://[", False),
        ("日本腎臓学会 診療ガイドライン", False),
        (None, False),
    ],
)
def test_only_plain_web_addresses_become_links(source: str | None, link: bool) -> None:
    assert (web_address(source) is not None) == link


def test_lines_become_headings_items_and_text() -> None:
    text = "## 初期対応\n- 静注する。\n・投与しない。\n\n腎機能を確かめる。"
    shown = [
        (block.kind, "".join(piece.text for piece in block.pieces)) for block in blocks_of([Piece(text)])
    ]
    assert shown == [
        ("heading", "初期対応"),
        ("item", "静注する。"),
        ("item", "投与しない。"),
        ("text", "腎機能を確かめる。"),
    ]


def test_no_language_lacks_a_word() -> None:
    for name in TEXTS["ja"].model_fields_set:
        japanese, english = getattr(TEXTS["ja"], name), getattr(TEXTS["en"], name)
        assert japanese, name
        assert english, name
        if isinstance(japanese, dict):
            assert japanese.keys() == english.keys(), name


def test_the_scripts_stay_small() -> None:
    """150 KB gzipped is the bar; the viewer of PDFs, loaded on its own page, is apart."""
    scripts = list(STATIC.glob("*.js"))
    assert scripts
    assert sum(len(gzip.compress(file.read_bytes())) for file in scripts) <= 150_000


def test_an_answer_shows_claims_statuses_and_references(reader: httpx.Client) -> None:
    response = asked(reader)
    page = tree(response)
    assert str(response.url.path).startswith("/answers/")
    claims = page.cssselect("#answer .claim")
    assert claims
    for claim in claims:
        assert "verified" in (claim.get("class") or "")
        cite = claim.cssselect("a.cite")[0]
        assert "引用・数値の一致を確認" in cite.text_content()
        assert "検証済み" not in page.text_content()
        passage = tree(reader.get(cite.get("href") or ""))
        quote_text = passage.cssselect("mark#quote")[0].text_content()
        assert quote_text.strip() in claim.text_content()
    numbers = {cite.text_content()[0] for cite in page.cssselect("#answer a.cite")}
    listed = {item.get("value") for item in page.cssselect("ol.references li")}
    assert numbers == listed


def test_a_stored_answer_is_the_same_when_it_is_opened_again(reader: httpx.Client) -> None:
    response = asked(reader)
    again = reader.get(response.url.path)
    assert tree(again).cssselect("#answer")[0].text_content() == (
        tree(response).cssselect("#answer")[0].text_content()
    )
    assert again.headers["cache-control"] == "no-store"


def test_the_words_a_step_was_widened_by_are_told(reader: httpx.Client) -> None:
    page = tree(asked(reader, question="足がむくむときに疑う腎臓の病気は？", strategy="single"))
    assert "浮腫" in page.cssselect("#plan")[0].text_content()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"question": ""}, "question"),
        ({"question": "あ" * 25_000}, "question"),
        ({"strategy": "oracle"}, "strategy"),
        ({"published_from": "2026-13-45"}, "published_from"),
        ({"choices": "A 高い\nA 低い"}, "choices"),
    ],
)
def test_a_bad_form_is_a_page_that_names_the_field(
    reader: httpx.Client, fields: dict[str, str], named: str
) -> None:
    response = asked(reader, **fields)
    assert response.status_code in (400, 422)
    assert named in tree(response).cssselect(".problem")[0].text_content()


def test_a_passage_marks_exactly_the_characters_asked_for(reader: httpx.Client) -> None:
    found = reader.get("/api/v1/search", params={"q": "メトホルミンの禁忌", "k": 1}).json()["hits"][0]
    passage = found.get("passage", found)
    address = f"/passages/{quote(passage['passage_id'], safe='')}"
    text = passage["text"]
    for start, end, marked in (
        (2, 9, text[2:9]),
        (0, len(text), text),
        (3, 10**9, text[3:]),
        (10**9, 10**9, None),
        (5, 5, None),
    ):
        shown = tree(reader.get(address, params={"start": start, "end": end}))
        marks = shown.cssselect("mark")
        assert [mark.text_content() for mark in marks] == ([marked] if marked else [])
        assert shown.cssselect("div.text")[0].text_content() == text
    assert "見つかりませんでした" in tree(reader.get(address, params={"quoted": "none"})).text_content()


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/documents/nothing", "/passages/nothing~1", "/answers/nothing", "/passages/a?start=x"],
)
def test_what_is_not_there_is_a_page_for_readers_and_a_problem_for_programs(
    reader: httpx.Client, path: str
) -> None:
    shown = reader.get(path)
    assert shown.status_code in (404, 422, 400)
    assert tree(shown).cssselect(".problem")
    told = httpx.get(f"{reader.base_url}{path}", headers={"Accept": "*/*"}, trust_env=False)
    assert told.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/search", "/documents", "/index", "/answers/any", "/passages/any"])
def test_who_has_not_signed_in_is_led_there_and_back(start: Start, tmp_path: Path, path: str) -> None:
    add_key(tmp_path / "state", "read")
    client = start(state={"dir": tmp_path / "state"})
    client.headers.update(BROWSER)
    refused = client.get(path, params={"q": "浮腫"})
    assert refused.status_code == 303
    assert refused.headers["location"].startswith("/signin?next=%2F")
    assert client.get("/signin").status_code == 200
    api = client.get("/api/v1/search", params={"q": "浮腫"}, headers={"Accept": "application/json"})
    assert api.status_code == 401


def test_another_sites_form_is_refused_with_a_page(reader: httpx.Client) -> None:
    """Also where nobody has to sign in: this machine is reached by whatever its owner's browser opens."""
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "", "Origin": "http://evil.test"}):
        sent = {name: value for name, value in ({**BROWSER, **headers}).items() if value}
        response = httpx.post(f"{reader.base_url}/index/rebuild", headers=sent, trust_env=False)
        assert response.status_code == 403
        assert tree(response).cssselect(".problem")


def test_a_revoked_key_is_refused_at_once(start: Start, tmp_path: Path) -> None:
    key = add_key(tmp_path / "state", "read", off=True)
    client = start(state={"dir": tmp_path / "state"})
    client.headers.update(BROWSER)
    assert client.post("/signin", data={"key": key}).status_code == 401
    client.cookies.set("jmedqa_key", key)
    assert client.get("/documents").status_code == 303
