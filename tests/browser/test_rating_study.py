"""Four scripted raters take a study through the pages; the analysis finds what was planted, and only that."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.rating.analysis import analyze
from benchmarks.rating.analysis_input import read_ratings
from benchmarks.rating.analysis_results import AnalysisSettings
from benchmarks.rating.report import write_report
from benchmarks.rating.workbench.app import create_app
from benchmarks.rating.workbench.finishing import open_adjudication, unseal
from benchmarks.rating.workbench.store import Store
from tests.benchmarks.rating.studies import SHORT, study
from tests.browser.axe import serious
from tests.requirements import REPOSITORY
from tests.service.running import served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ARTIFACTS = REPOSITORY / "artifacts" / "rating"
SEVERE = "丁"
RATERS = ("甲", "乙", "丙", SEVERE)


def planted(system: str, question: str, case: int) -> int:
    """Retrieval adds a point; the third system is the first again."""
    return 2 if "+" in system else 1


def picture(page: Page, name: str) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png")


def rate(browser: Browser, address: str, token: str, rater: str) -> list[str]:
    """Sign in, score by keys alone, guess, lock; errors of the page's console."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="ja-JP")
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{address}/t/{token}")
    if rater == RATERS[0]:
        picture(page, "home")
        assert serious(page) == []
    page.get_by_role("link", name="評価を続ける").press("Enter")
    pictured = False
    while True:
        page.wait_for_selector("#score")
        text = page.locator(".answer").inner_text()
        level = int(re.search(r"品質(\d)", text)[1])  # type: ignore[index]
        score = max(0, level - 1) if rater == SEVERE else level
        page.keyboard.press(str(score))
        if score == 0:
            page.keyboard.press("e")
        if not pictured and rater == RATERS[0]:
            page.keyboard.press("j")
            page.keyboard.press("m")
            page.locator("#state", has_text="保存しました").wait_for()
            picture(page, "task")
            assert serious(page) == []
            pictured = True
        page.locator("#state", has_text="保存しました").wait_for()
        address_before = page.url
        if page.locator("#next").count():
            page.keyboard.press("n")
        else:
            page.locator("#close").focus()
            page.keyboard.press("Enter")
        page.wait_for_url(lambda url, before=address_before: url != before)
        if not page.url.rpartition("/")[2]:
            break
    page.get_by_role("link", name="最後の質問へ").press("Enter")
    if rater == RATERS[0]:
        page.locator("fieldset").first.wait_for()
        assert serious(page) == []
    for box in page.locator("fieldset").all():
        box.get_by_label("わからない").check()
    if rater == RATERS[0]:
        picture(page, "guess")
    page.locator("#lock").press("Enter")
    page.get_by_text("評価を確定しました").wait_for()
    context.close()
    return errors


def test_a_study_from_the_pages_to_the_report(browser: Browser, tmp_path: Path) -> None:
    systems = ("gptx", "gptx+rag", "other")
    made = study(tmp_path, planted, cases=8, systems=systems, raters=RATERS, protocol=SHORT)
    store = Store(made.path)
    assert {len(store.tasks(rater)) for rater in RATERS} == {8 * 3 * 3 + 7}, "a tenth comes twice"
    with served(create_app(store)) as address:
        errors = [error for rater in RATERS for error in rate(browser, address, made.tokens[rater], rater)]
        assert errors == []
        open_adjudication(store)
    done = unseal(store, tmp_path / "out", "organiser")
    store.close()
    file = read_ratings(done.ratings)
    analysis = analyze(file, AnalysisSettings(permutations=10_000))
    found = {(c.first, c.second): c for c in analysis.comparisons if c.question is None}
    effect, null = found[("gptx", "gptx+rag")], found[("gptx", "other")]
    assert effect.difference == 1.0
    assert effect.shown, "eight cases are enough after Holm; six are not"
    assert null.difference == 0.0
    assert not null.shown
    severity = {row.rater: row.effect.value for row in analysis.severities if row.effect}
    assert min(severity, key=lambda rater: severity[rater]) == SEVERE
    assert {row.same for row in analysis.intra_rater} == {1.0}
    written = write_report(analysis, ARTIFACTS / "report")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{next(path for path in written if path.suffix == '.html').as_uri()}")
    page.screenshot(path=ARTIFACTS / "report.png", full_page=True)
    page.close()
    assert json.loads((tmp_path / "out" / "blinding.json").read_text(encoding="utf-8"))[0]["value"] == 0.0
