"""Asking in a real Chromium: the answer as it comes, and from a sentence to the words it rests on."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pypdfium2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import QUESTION, Open, Serve
from tests.service.faulty_server import FaultyServer, running
from tests.service.model_server import MODEL

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHIFTS = """() => { window.shifted = 0; new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
}).observe({ type: "layout-shift", buffered: true }); }"""
COMPOSE = "(box, how) => box.dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, ...how}))"
Faulty = Callable[..., tuple[FaultyServer, str]]


@pytest.fixture
def faulty(serve: Serve) -> Iterator[Faulty]:
    """A service whose model server has a fault from a call on."""
    with ExitStack() as stack:

        def start(mode: str, from_call: int) -> tuple[FaultyServer, str]:
            server = FaultyServer(mode=mode, from_call=from_call)
            address = stack.enter_context(running(server))
            return server, serve(generator={"base_url": address, "model": MODEL, "first_token_timeout_s": 60})

        yield start


def until(ready: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not ready():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def test_one_click_leads_from_a_sentence_to_the_words_it_rests_on(serve: Serve, watched: Open) -> None:
    visit = watched()
    page = visit.page
    page.goto(serve())
    visit.ask()
    visit.answered()
    visit.picture("answer")
    claim = page.locator("#answer .claim.verified", has_text="グルコン酸カルシウム").first
    sentence = claim.inner_text().split("確")[0]
    claim.locator("a.cite").click()
    quote = page.locator("#reader mark")
    expect(quote).to_be_focused()
    expect(quote).to_be_in_viewport()
    assert quote.inner_text().strip() in sentence
    reader = page.locator("#reader")
    for shown in ("CKD患者の高カリウム血症", "初期対応", "2026-11", "出典", "ライセンス"):
        expect(reader).to_contain_text(shown)
    assert page.url.rstrip("/").count("/") == 2  # still the same page
    visit.picture("answer-reader")


def test_the_plan_comes_first_and_stays_where_it_is(faulty: Faulty, watched: Open) -> None:
    model, address = faulty("held", 2)
    visit = watched()
    page = visit.page
    page.goto(address)
    page.evaluate(SHIFTS)
    visit.ask()
    expect(page.locator("#plan")).to_contain_text("緊急度")
    expect(page.locator("#stop")).to_be_visible()
    assert page.locator("#answer").inner_text() == ""
    model.released.set()
    visit.answered()
    expect(page.locator("#stop")).to_be_hidden()
    assert page.evaluate("window.shifted") < 0.1  # "good" by the Web Vitals


def test_stopping_stops_the_model_and_leaves_no_answer(faulty: Faulty, watched: Open) -> None:
    model, address = faulty("stalled", 3)
    visit = watched()
    page = visit.page
    page.goto(address)
    visit.ask()
    page.locator("#answer .draft").wait_for()
    assert model.given_up == 0
    page.locator("#stop").click()
    expect(page.locator("#answer [role=alert]")).to_contain_text("回答ではありません")
    expect(page.locator("#stop")).to_be_hidden()
    until(lambda: model.given_up == 1)
    assert page.locator("#answer .legend").count() == 0


@pytest.mark.parametrize("mode", ["half_a_stream", "reset", "error_event", "length"])
def test_a_model_that_dies_mid_answer_leaves_a_problem_and_no_draft(
    faulty: Faulty, watched: Open, mode: str
) -> None:
    _, address = faulty(mode, 3)
    visit = watched()
    page = visit.page
    page.goto(address)
    visit.ask()
    page.locator("#answer .problem").wait_for()
    visit.picture(f"problem-{mode}")
    assert page.locator("#answer .draft").count() == 0
    assert page.locator("#answer .legend").count() == 0
    expect(page.locator("#plan")).to_contain_text("緊急度")  # what was found stays


def test_a_model_that_is_down_is_a_problem_with_a_cure(faulty: Faulty, watched: Open) -> None:
    _, address = faulty("http_500", 1)
    visit = watched()
    visit.page.goto(address)
    visit.ask()
    expect(visit.page.locator("#answer .problem")).to_contain_text("言語モデル")
    visit.expected.add("503")  # the browser itself notes the status


def test_enter_within_a_composition_or_alone_sends_nothing(serve: Serve, watched: Open) -> None:
    visit = watched()
    page = visit.page
    page.goto(serve())
    page.locator("#question").fill("こうかりうむ")
    for name, values in (
        ("composing", {"key": "Enter", "ctrlKey": True, "isComposing": True}),
        ("older browsers", {"key": "Enter", "ctrlKey": True, "keyCode": 229}),
        ("alone", {"key": "Enter"}),
    ):
        page.locator("#question").evaluate(
            "(box, values) => box.dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, ...values}))",
            values,
        )
        assert page.locator("#state").inner_text() == "", name
    page.locator("#question").press("Enter")
    assert page.locator("#question").input_value() == "こうかりうむ\n"
    assert not [url for url in visit.asked if url.endswith("/ask")]


def test_the_next_question_goes_on_from_the_answer(serve: Serve, watched: Open) -> None:
    visit = watched()
    page = visit.page
    page.goto(serve())
    visit.ask("CKD患者の高カリウム血症の原因は？")
    visit.answered()
    visit.ask("その症状は？")
    expect(page.locator("#understood")).to_contain_text("高カリウム血症", timeout=30_000)
    visit.answered()
    expect(page.locator("#answer")).to_contain_text("筋力低下")
    earlier = page.locator("#earlier a")
    expect(earlier).to_have_text("CKD患者の高カリウム血症の原因は？")
    earlier.click()
    expect(page.locator("#answer")).to_contain_text("RAS阻害薬")


def test_an_answer_has_an_address_a_verdict_and_a_copy_with_references(serve: Serve, watched: Open) -> None:
    visit = watched(permissions=["clipboard-read", "clipboard-write"])
    page = visit.page
    page.goto(serve())
    visit.ask()
    visit.answered()
    page.get_by_role("button", name="参照付きで複写").click()
    expect(page.get_by_role("button", name="複写しました")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "[1]" in copied
    assert "[1] CKD患者の高カリウム血症 / " in copied
    page.get_by_label("危険な内容がある").check()
    page.get_by_label("ひとこと").fill("用量の根拠がない")
    page.get_by_role("button", name="送る").click()
    expect(page.locator("main")).to_contain_text("記録しました")
    before = page.locator("#answer .text").first.inner_text()
    page.get_by_role("link", name="この回答へのリンク").click()
    page.wait_for_url("**/answers/*")
    assert page.locator("#answer .text").first.inner_text() == before


def test_the_print_is_the_answer_with_its_references_on_a4(serve: Serve, watched: Open) -> None:
    visit = watched()
    page = visit.page
    page.goto(serve())
    visit.ask()
    visit.answered()
    printed = pypdfium2.PdfDocument(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert [round(side) for side in printed[0].get_size()] == [595, 842]  # points
    text = "".join(one.get_textpage().get_text_range() for one in printed)
    assert "参照した資料" in text
    assert "グルコン酸カルシウム" in text
    assert "質問する" not in text


def test_without_scripts_the_same_is_reached_by_links(serve: Serve, watched: Open) -> None:
    visit = watched(java_script_enabled=False)
    page = visit.page
    page.goto(serve())
    page.locator("#question").fill(QUESTION)
    page.get_by_role("button", name="質問する").click()
    page.wait_for_url("**/answers/*", timeout=60_000)
    page.locator("#answer a.cite").first.click()
    expect(page.locator("mark#quote")).to_be_in_viewport()
    page.get_by_role("link", name="文書全体を開く").click()
    expect(page.locator("h1")).to_have_text("CKD患者の高カリウム血症")


def test_the_main_job_is_done_by_keys_alone(serve: Serve, watched: Open) -> None:
    visit = watched()
    page = visit.page
    page.goto(serve())
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("本文へ移動")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.insert_text(QUESTION)
    page.keyboard.press("Control+Enter")
    visit.answered()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator("a.cite:focus").count():
            break
    page.keyboard.press("Enter")
    expect(page.locator("#reader mark")).to_be_focused()


def test_choices_lead_to_one_of_them_or_none(serve: Serve, watched: Open) -> None:
    visit = watched()
    page = visit.page
    page.goto(serve())
    page.get_by_text("選択肢・進め方・資料の条件").click()
    page.locator("#choices").fill("A グルコン酸カルシウムの静注\nB 輸液の中止")
    visit.ask("心電図変化を伴う高カリウム血症の初期対応で静注するのはどれか。")
    visit.answered()
    shown = page.locator("#answer")
    assert ("選択: A" in shown.inner_text()) != ("回答できません" in shown.inner_text())
