"""The API page in a real Chromium: it works without any network but this machine."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from service.api.app import create_app
from service.settings import Settings
from tests.requirements import REPOSITORY
from tests.service.conftest import build
from tests.service.running import served

pytestmark = pytest.mark.browser

ARTIFACTS = REPOSITORY / "artifacts" / "browser"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    index = build(tmp_path_factory.mktemp("browser"))
    with served(
        create_app(
            Settings.model_validate({"index": {"dir": index}, "state": {"dir": index.parent / "state"}})
        )
    ) as url:
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


def picture(page: Page, name: str) -> Path:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    file = ARTIFACTS / f"{name}.png"
    page.screenshot(path=file, full_page=True)
    return file


def test_the_page_lists_the_api_and_asks_only_this_machine(page: Page, address: str) -> None:
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{address}/docs")
    page.get_by_text("/api/v1/answers").first.wait_for()
    picture(page, "api-page")
    assert {urlsplit(url).hostname for url in asked if not url.startswith("data:")} == {"127.0.0.1"}
    assert faults == []


def test_a_question_is_answered_from_the_page(page: Page, address: str) -> None:
    page.goto(f"{address}/docs")
    operation = page.locator(".opblock-post", has_text="/api/v1/answers").first
    operation.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("textarea").fill('{"question": "高カリウム血症の原因は？"}')
    operation.get_by_role("button", name="Execute").click()
    reply = operation.locator(".live-responses-table .microlight").first
    reply.wait_for(timeout=60_000)
    picture(page, "api-page-answer")
    assert "RAS阻害薬" in reply.inner_text()
