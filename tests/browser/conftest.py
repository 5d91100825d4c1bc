"""A real Chromium, and pages whose requests and errors are watched."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from service.api.app import create_app
from service.generators import Generator
from service.settings import Settings
from tests.requirements import REPOSITORY, missing
from tests.service.conftest import build
from tests.service.running import served

ARTIFACTS = REPOSITORY / "artifacts" / "browser"
OFFLINE = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
QUESTION = "CKD患者で高カリウム血症を認めたときの初期対応は？"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("JMEDQA_CHROMIUM") or shutil.which("chromium")
    if path is None:
        missing("browser", "install Debian's chromium, or set JMEDQA_CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, headless=True, args=OFFLINE)
        yield started
        started.close()


@dataclass
class Watched:
    """A page, what it asked for, and what went wrong in it (a breach of the content policy is an error, too).

    Attributes:
        faults: Must be empty at the end, but for those that hold one of the texts ``expected``.
        hosts: The only ones it may ask.
    """

    page: Page
    asked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)
    hosts: set[str | None] = field(default_factory=lambda: {"127.0.0.1"})

    def picture(self, name: str) -> None:
        """Kept for whoever wants to look."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)

    def ask(self, question: str = QUESTION) -> None:
        """Type a question and send it by the keys."""
        self.page.locator("#question").fill(question)
        self.page.locator("#question").press("Control+Enter")

    def answered(self) -> None:
        """Wait for the whole answer."""
        self.page.locator("#answer .legend").wait_for(timeout=60_000)


Open = Callable[..., Watched]


@pytest.fixture
def watched(browser: Browser) -> Iterator[Open]:
    """Open pages in browsers of their own; none may ask another machine, and none may have errors."""
    opened: list[Watched] = []

    def open_page(**context: Any) -> Watched:
        values = {"viewport": {"width": 1280, "height": 900}, "locale": "ja-JP", **context}
        page = browser.new_context(**values).new_page()
        made = Watched(page)
        page.on("request", lambda request: made.asked.append(request.url))
        page.on("console", lambda said: made.faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: made.faults.append(str(error)))
        opened.append(made)
        return made

    yield open_page
    for made in opened:
        made.page.context.close()
    for made in opened:
        hosts = {urlsplit(url).hostname for url in made.asked if not url.startswith(("data:", "blob:"))}
        assert hosts <= made.hosts
        assert [text for text in made.faults if not any(one in text for one in made.expected)] == []


Serve = Callable[..., str]


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("browser"))


@pytest.fixture
def serve(small_index: Path, tmp_path: Path) -> Iterator[Serve]:
    """Start a service; ``section={"field": …}`` changes its settings."""
    with ExitStack() as stack:

        def start(*, writer: Generator | None = None, **sections: dict[str, Any]) -> str:
            values: dict[str, Any] = {
                "index": {"dir": small_index, "poll_s": 0.1},
                "state": {"dir": tmp_path / "state"},
            }
            for name, fields in sections.items():
                values[name] = {**values.get(name, {}), **fields}
            app = create_app(Settings.model_validate(values), generator=writer)
            return stack.enter_context(served(app))

        yield start
