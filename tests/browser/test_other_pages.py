"""Searching, reading, signing in and running the index, in a real Chromium."""

import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from service.generators.scripted import ScriptedGenerator
from service.prompts import AnswerPrompt, PlanPrompt, Prompt
from tests.browser.axe import serious
from tests.browser.conftest import QUESTION, Open, Serve
from tests.service.conftest import build
from tests.service.running import closed_port, served
from tests.service.security.conftest import add_key
from tests.service.security.sign_in_server import SignInServer
from tests.service.security.test_oidc import ISSUER, KEYS, token
from tests.service.test_jobs_api import settings as rebuildable
from tests.service.test_jobs_api import write_document

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ATTACKS = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "{{ 7*7 }}<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<a href=javascript:window.hacked=1>続き</a>",
)


def signed_in(page: Page, address: str, key: str) -> None:
    page.goto(f"{address}/signin")
    page.locator("#key").fill(key)
    page.locator("main").get_by_role("button", name="サインイン").click()


def test_the_ways_to_search_stand_side_by_side(serve: Serve, watched: Open) -> None:
    visit = watched()
    page = visit.page
    page.goto(f"{serve()}/search")
    page.locator("#q").fill("足がむくむ")
    page.get_by_label("方式を並べて比べる").check()
    page.locator("main").get_by_role("button", name="検索").click()
    expect(page.locator("h2")).to_have_text(["統合", "語句", "文字の並び", "意味"])
    expect(page.locator(".also")).to_contain_text("浮腫")
    first = page.locator(".columns section").first.locator("li").first
    expect(first).to_contain_text("ネフローゼ症候群")
    expect(first).to_contain_text("各方式での順位")
    visit.picture("search")
    first.get_by_role("link").click()
    expect(page.locator("main")).to_contain_text("浮腫と体重増加")


def test_signing_in_decides_what_is_seen(serve: Serve, watched: Open, tmp_path: Path) -> None:
    keys = {scopes: add_key(tmp_path / "state", *scopes) for scopes in (("read",), ("read", "ask", "admin"))}
    address = serve()
    visit = watched()
    page = visit.page
    page.goto(f"{address}/search?q=浮腫")
    assert page.url.startswith(f"{address}/signin?next=")
    page.locator("#key").fill("jmedqa_wrong")
    page.locator("main").get_by_role("button", name="サインイン").click()
    expect(page.locator(".problem")).to_contain_text("この鍵では入れません")
    visit.expected.add("401")
    page.locator("#key").fill(keys[("read",)])
    page.locator("main").get_by_role("button", name="サインイン").click()
    expect(page.locator(".hits")).to_contain_text("ネフローゼ症候群")  # where they wanted to go
    page.goto(address)
    expect(page.locator("main")).to_contain_text("質問する権限がありません")
    page.goto(f"{address}/index")
    assert page.get_by_role("button", name="作り直す").count() == 0
    cookie = page.context.cookies()[0]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="サインアウト").click()
    page.goto(f"{address}/documents")
    assert "/signin" in page.url
    signed_in(page, address, keys[("read", "ask", "admin")])
    expect(page.locator("#question")).to_be_visible()
    page.goto(f"{address}/index")
    expect(page.get_by_role("button", name="作り直す")).to_be_visible()


def test_another_sites_page_cannot_act_for_the_reader(serve: Serve, watched: Open, tmp_path: Path) -> None:
    key = add_key(tmp_path / "state", "read", "admin")
    address = serve(**rebuildable(tmp_path))
    visit = watched()
    page = visit.page
    signed_in(page, address, key)
    other = address.replace("127.0.0.1", "127.0.0.2")
    form = f'<form action="{address}/index/rebuild" method="post"><button>賞品を受け取る</button></form>'
    page.route(f"{other}/*", lambda route: route.fulfill(body=form, content_type="text/html; charset=utf-8"))
    page.goto(f"{other}/")
    with page.expect_response("**/index/rebuild") as sent:
        page.get_by_role("button").click()
    assert sent.value.status in (303, 403)  # unknown to the cookie (SameSite), or refused
    jobs = httpx.get(f"{address}/api/v1/jobs", headers={"Authorization": f"Bearer {key}"}, trust_env=False)
    assert jobs.json()["items"] == []
    visit.hosts.add("127.0.0.2")
    visit.expected.add("403")


def test_the_index_is_rebuilt_while_questions_are_answered_then_rolled_back(
    serve: Serve, watched: Open, tmp_path: Path
) -> None:
    address = serve(**rebuildable(tmp_path))
    write_document(tmp_path, "amlodipine", 40)
    visit, asking = watched(), watched()
    page = visit.page
    page.goto(f"{address}/index")
    first = page.locator("tbody th").first.inner_text().split()[0]
    page.get_by_role("button", name="作り直す").click()
    asking.page.goto(address)
    asking.ask()
    asking.answered()
    expect(page.locator("#jobs")).to_contain_text("完了", timeout=90_000)
    polls = len([url for url in visit.asked if url.endswith("/index/jobs")])
    assert polls
    page.wait_for_timeout(2_500)
    assert len([url for url in visit.asked if url.endswith("/index/jobs")]) == polls  # each is an audit entry
    page.reload()
    expect(page.locator("table").first.locator("tbody tr")).to_have_count(2)
    expect(page.locator("main")).to_contain_text("amlodipine")
    visit.picture("index")
    page.goto(f"{address}/documents/amlodipine")
    expect(page.locator("nav.outline li")).not_to_have_count(0)
    page.goto(f"{address}/index")
    page.get_by_role("button", name="この世代に戻す").click()
    expect(page.locator("[role=status]")).to_contain_text(first)
    gone = page.goto(f"{address}/documents/amlodipine")
    assert gone is not None
    assert gone.status == 404
    expect(page.locator("main .problem")).to_be_visible()
    visit.expected.add("404")


def test_markup_in_documents_questions_and_replies_stays_text(
    serve: Serve, watched: Open, tmp_path: Path
) -> None:
    attack = "".join(ATTACKS)
    title = attack.replace("'", "''")
    head = f"id: attack\ntitle: '高カリウム血症{title}'\nsource: javascript:alert(1)"
    document = f"---\n{head}\n---\n"
    document += f"# 見出し{attack}\n\n## 節{attack}\n高カリウム血症では心電図を確かめる。{attack}\n"
    index = build(tmp_path / "attack", {"attack": document})

    def reply(prompt: Prompt) -> str:
        if isinstance(prompt, PlanPrompt):
            return json.dumps(
                {"steps": [{"sub_question": attack, "query": "高カリウム血症", "depends_on": []}]}
            )
        if isinstance(prompt, AnswerPrompt):
            return f"高カリウム血症では心電図を確かめる。[E1]{attack}"
        return attack

    address = serve(writer=ScriptedGenerator(reply), index={"dir": index})
    visit = watched()
    page = visit.page
    page.goto(address)
    visit.ask(f"高カリウム血症は？{attack}")
    visit.answered()
    visit.picture("attack")
    page.locator("#answer a.cite").first.click()
    page.locator("#reader mark").wait_for()
    kept = page.get_by_role("link", name="この回答へのリンク").get_attribute("href")
    passage = page.get_by_role("link", name="文書全体を開く").get_attribute("href")
    for path in (
        kept,
        passage,
        "/documents",
        f"/search?q=高カリウム血症{attack}&side=true",
        "/index",
        "/audit",
        "/status",
    ):
        page.goto(f"{address}{path}")
        assert page.evaluate("window.hacked") is None, path
        assert page.locator("main :is(script, iframe, img, svg:not([role=img]))").count() == 0, path
        assert page.locator("main a[href^='javascript']").count() == 0, path
    assert page.evaluate("window.hacked") is None


def test_words_and_colours_are_the_readers_choice_and_kept(serve: Serve, watched: Open) -> None:
    visit = watched()
    page = visit.page
    page.goto(f"{serve()}/search")
    page.locator(".display summary").click()
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text("Search")
    page.locator(".display summary").click()
    page.get_by_label("High contrast").check()
    page.locator(".display button").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "contrast")
    assert page.url.endswith("/search")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(0, 0, 0)"
    page.reload()
    assert page.evaluate(ground) == "rgb(0, 0, 0)"


def test_what_fits_a_telephone_needs_no_sideways_scrolling(serve: Serve, watched: Open) -> None:
    visit = watched(viewport={"width": 360, "height": 740})
    page = visit.page
    address = serve()
    page.goto(address)
    visit.ask(QUESTION)
    visit.answered()
    for path in (None, "/search?q=浮腫&side=true", "/documents", "/index", "/status", "/audit", "/keys"):
        if path:
            page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_axe_finds_nothing_serious_on_any_page(
    serve: Serve, watched: Open, tmp_path: Path, theme: str
) -> None:
    address = serve(**rebuildable(tmp_path))
    visit = watched()
    page = visit.page
    for language in ("ja", "en"):
        page.goto(f"{address}/preferences?theme={theme}&lang={language}")
        assert serious(page) == [], "empty form"
        visit.ask()
        visit.answered()
        page.locator("#answer a.cite").first.click()
        page.locator("#reader mark").wait_for()
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert serious(page) == [], "answer"
        visit.picture(f"answer-{theme}-{language}")
        kept = page.locator("#answer .actions a").get_attribute("href")
        for path in (
            kept,
            "/search?q=足がむくむ&side=true",
            "/documents",
            "/documents/hyperkalaemia",
            "/index",
            "/signin",
            "/status",
            "/audit",
            "/keys",
        ):
            page.goto(f"{address}{path}")
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            if theme == "light" and language == "ja":
                visit.picture("page-" + str(path).strip("/").split("/")[0].split("?")[0])
            assert serious(page) == [], path


def test_a_reader_signs_in_at_another_server_and_comes_back(
    serve: Serve, watched: Open, tmp_path: Path
) -> None:
    """The other server is another site to the browser: cookies must survive the way there and back."""
    (tmp_path / "keys.json").write_text(json.dumps(KEYS), encoding="utf-8")
    server = SignInServer(token=token)
    port = closed_port()
    with served(server.app()) as elsewhere:
        login = elsewhere.replace("127.0.0.1", "localhost")
        address = serve(
            oidc={
                "issuer": ISSUER,
                "jwks": str(tmp_path / "keys.json"),
                "client_id": "jmedqa",
                "authorize": f"{login}/authorize",
                "token": f"{elsewhere}/token",
                "redirect_uri": f"http://127.0.0.1:{port}/signin/callback",
            }
        )
        visit = watched()
        visit.hosts.add("localhost")
        page = visit.page
        # The service's port is known only now: what a site's settings would name is filled in on the way.
        named = f"http://127.0.0.1:{port}"
        page.route(
            f"{named}/**",
            lambda route: route.fulfill(
                status=302, headers={"Location": route.request.url.replace(named, address)}
            ),
        )
        page.goto(f"{address}/documents?superseded=true")
        page.get_by_role("link", name="施設のアカウントでサインイン").click()
        page.wait_for_url(f"{address}/documents?superseded=true")
        expect(page.locator("header")).to_contain_text("u-42")
        page.get_by_role("button", name="サインアウト").click()
        page.goto(f"{address}/documents")
        assert "/signin" in page.url


def test_a_key_is_made_and_taken_away_in_the_browser(serve: Serve, watched: Open) -> None:
    address = serve()
    visit = watched(permissions=["clipboard-read", "clipboard-write"])
    page = visit.page
    page.goto(f"{address}/keys")
    page.locator("#name").fill("管理者")
    page.get_by_role("button", name="キーを作る").click()
    made = page.locator("#made").input_value()
    page.get_by_role("button", name="複写").click()
    expect(page.get_by_role("button", name="複写しました")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == made
    assert made not in page.url
    signed_in(page, address, made)
    page.goto(f"{address}/keys")
    row = page.locator("tbody tr", has_text="管理者")
    row.locator("summary").click()
    row.get_by_label("元に戻せないことを確認しました").check()
    row.get_by_role("button", name="無効にする").click()
    page.wait_for_url("**/signin**")  # it was the key of who revoked it


def test_a_breach_of_the_content_policy_is_reported_and_none_was_before(serve: Serve, watched: Open) -> None:
    address = serve()
    visit = watched()
    page = visit.page

    def breaches() -> str:
        text = httpx.get(f"{address}/metrics", trust_env=False).text
        return "\n".join(
            line for line in text.splitlines() if line.startswith("jmedqa_policy_breaches_total{")
        )

    page.goto(address)
    visit.ask()
    visit.answered()
    for path in ("/search?q=浮腫", "/documents", "/index", "/status", "/audit", "/keys"):
        page.goto(f"{address}{path}")
    assert breaches() == ""
    visit.expected.add("Content Security Policy")
    with page.expect_request("**/csp-reports"):
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: '1'}))")
    page.wait_for_timeout(500)
    assert "script-src" in breaches()
