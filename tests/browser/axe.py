"""axe-core (Deque, MPL-2.0) on an open page: what it finds wrong for readers with disabilities."""

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

_SCRIPT = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def serious(page: Page) -> list[str]:
    """Its serious and critical findings: rule, what it says, the elements.

    The script comes in by the debugger, which the page's content policy does not bind.
    """
    page.evaluate(_SCRIPT)
    found: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes']]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
