"""Status, audit and keys: what administrators see and do, and that nobody else does."""

import asyncio
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from lxml import html

from service.answers import Answer, Provenance
from service.notices import INSUFFICIENT_EVIDENCE
from service.pages.charts import HEIGHT, stacked
from service.questions import Question
from service.settings import Settings
from service.state import Store
from tests.service.conftest import Start
from tests.service.pages.test_pages import BROWSER, QUESTION, tree
from tests.service.security.conftest import add_key

PAGES = ("/status", "/audit", "/keys")


def administrator(start: Start, folder: Path, **sections: dict[str, object]) -> httpx.Client:
    """Signed in, where keys are asked for."""
    key = add_key(folder / "state", "read", "ask", "admin")
    client = start(state={"dir": folder / "state"}, **sections)
    client.headers.update(BROWSER)
    assert client.post("/signin", data={"key": key}).status_code == 303
    return client


def keep_answers(folder: Path, *kept: tuple[int, bool, float | None]) -> None:
    """Answers of so many days ago: abstained or not, with this share of verified claims."""
    moment = [datetime.now(UTC)]
    store = Store(
        Settings.model_validate({"state": {"dir": folder / "state"}}).state, clock=lambda: moment[0]
    )
    store.open()
    for days, abstained, share in kept:
        moment[0] = datetime.now(UTC) - timedelta(days=days)
        answer = Answer(
            text="心電図を確かめる。",
            choice=None,
            abstained=abstained,
            reason=INSUFFICIENT_EVIDENCE if abstained else None,
            verified_share=share,
            provenance=Provenance(model="m", strategy="single", prompt_version="1", generation=None),
        )
        asyncio.run(store.answers.save("local", Question(text="緊急度は？"), answer, made_by="test"))
    store.close()


@pytest.mark.parametrize("path", PAGES)
def test_only_administrators_see_them(start: Start, tmp_path: Path, path: str) -> None:
    keys = {
        "reader": add_key(tmp_path / "state", "read", "ask"),
        "admin": add_key(tmp_path / "state", "admin"),
    }
    client = start(state={"dir": tmp_path / "state"})
    statuses = {
        name: client.get(path, headers={**BROWSER, "Authorization": f"Bearer {key}"}).status_code
        for name, key in keys.items()
    }
    assert statuses == {"reader": 403, "admin": 200}
    assert client.get(path, headers=BROWSER).status_code == 303


def test_the_charts_and_the_table_say_what_is_kept(start: Start, tmp_path: Path) -> None:
    keep_answers(
        tmp_path, (0, False, 1.0), (0, False, 0.5), (0, True, None), (3, True, None), (40, False, 1.0)
    )
    client = start(state={"dir": tmp_path / "state"})
    page = tree(client.get("/status", headers=BROWSER))
    rows = [[cell.text_content().strip() for cell in row] for row in page.cssselect("details tbody tr")]
    today, earlier = (
        datetime.now().astimezone().date(),
        (datetime.now().astimezone() - timedelta(days=3)).date(),
    )
    assert rows == [[str(today), "2", "1", "75 %"], [str(earlier), "0", "1", "–"]]
    answers, shares = page.cssselect("figure svg")
    heights = {(bar.get("class"), float(bar.get("height") or 0)) for bar in answers.cssselect("rect")}
    assert heights == {("answered", 40.0), ("abstained", 20.0)}  # of 60 for the three of today
    assert [float(bar.get("height") or 0) for bar in shares.cssselect("rect")] == [45.0]
    assert all(svg.get("role") == "img" and svg.get("aria-label") for svg in (answers, shares))


def test_without_answers_there_is_no_chart(start: Start, tmp_path: Path) -> None:
    client = start(state={"dir": tmp_path / "state"})
    page = tree(client.get("/status", headers=BROWSER))
    assert not page.cssselect("svg")
    assert "保存された回答はまだありません" in page.text_content()


@pytest.mark.parametrize(
    ("days", "top", "drawn"),
    [
        ([[("a", 1)], [("a", 2)]], None, [(0, 30.0, 30.0), (12, 0.0, 60.0)]),
        ([[("a", 1), ("b", 1)]], None, [(0, 30.0, 30.0), (0, 0.0, 30.0)]),
        ([[("a", None)], [("a", 0)]], None, []),
        ([[("a", 0.25)]], 1.0, [(0, 45.0, 15.0)]),
        ([[("a", 5)]], 1.0, [(0, 0.0, 60.0)]),
        ([], None, []),
    ],
)
def test_bars_stand_on_each_other_within_the_drawing(
    days: list[list[tuple[str, float | None]]], top: float | None, drawn: list[tuple[int, float, float]]
) -> None:
    chart = stacked(days, top)
    assert [(bar.x, bar.y, bar.height) for bar in chart.bars] == drawn
    assert all(0 <= bar.y <= HEIGHT and bar.x < chart.width for bar in chart.bars)


def test_the_audit_page_pages_through_every_entry_and_narrows(start: Start, tmp_path: Path) -> None:
    client = administrator(start, tmp_path)
    for number in range(60):
        client.get("/search", params={"q": f"浮腫{number}"})
    asyncio.run(asyncio.sleep(0.5))  # entries are written behind the requests
    numbers: list[int] = []
    address = "/audit?route=/search"
    while True:
        page = tree(client.get(address))
        rows = page.cssselect("tbody tr")
        numbers += [int(row.cssselect("th")[0].text_content()) for row in rows]
        assert all("/search" in row.text_content() for row in rows)
        assert "浮腫" not in page.text_content()  # only a keyed hash of it is kept
        older = page.cssselect("a[href^='/audit?before']")
        if not older:
            break
        address = older[0].get("href") or ""
    assert len(numbers) == len(set(numbers)) == 60
    assert numbers == sorted(numbers, reverse=True)
    nobody = tree(client.get("/audit", params={"who": "nobody"}))
    assert "まだありません" in nobody.text_content()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    assert "まだありません" in tree(client.get("/audit", params={"since": tomorrow})).text_content()
    assert client.get("/audit", params={"since": "昨日"}).status_code in (400, 422)


def test_tampering_with_the_log_shows_on_the_page(start: Start, tmp_path: Path) -> None:
    client = administrator(start, tmp_path)
    client.get("/search", params={"q": "浮腫"})
    asyncio.run(asyncio.sleep(0.5))
    whole = tree(client.post("/audit/verify"))
    assert "改ざんは見つかりませんでした" in whole.cssselect("[role=status]")[0].text_content()
    with sqlite3.connect(tmp_path / "state" / "audit.sqlite") as db:
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute("UPDATE entries SET entry_json = replace(entry_json, '/search', '/healthz')")
    broken = tree(client.post("/audit/verify"))
    assert "欠落または改ざん" in broken.cssselect("[role=status]")[0].text_content()


def test_a_key_is_shown_once_and_works_until_it_is_revoked(start: Start, tmp_path: Path) -> None:
    client = administrator(start, tmp_path)
    made = client.post("/keys", data={"name": "第二病棟", "scope": ["read"], "rate": "30", "days": "7"})
    key = tree(made).cssselect("input#made")[0].get("value") or ""
    assert re.fullmatch(r"jmq_[0-9a-f_]+", key)
    assert made.headers["cache-control"] == "no-store"
    for path in PAGES:
        assert key not in client.get(path).text
    row = next(
        row for row in tree(client.get("/keys")).cssselect("tbody tr") if "第二病棟" in row.text_content()
    )
    key_id = row.cssselect("code")[0].text_content()
    program = {"Authorization": f"Bearer {key}"}
    assert client.get("/api/v1/documents", headers=program).status_code == 200
    assert client.post("/ask", headers=program, data={"question": QUESTION}).status_code == 403
    unsure = client.post(f"/keys/{key_id}/revoke")
    assert unsure.status_code in (400, 422)
    assert client.post(f"/keys/{key_id}/revoke", data={"sure": "true"}).status_code == 303
    assert client.get("/api/v1/documents", headers=program).status_code == 401
    asyncio.run(asyncio.sleep(0.5))
    log = tree(client.get("/audit", params={"route": "key."})).text_content()
    assert log.count(key_id) >= 2  # made, revoked


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "scope": ["read"]},
        {"name": "病棟"},
        {"name": "病棟", "scope": ["root"]},
        {"name": "病棟", "scope": ["read"], "days": "0"},
        {"name": "病棟", "scope": ["read"], "days": "９"},
        {"name": "病棟", "scope": ["read"], "rate": "-1"},
        {"name": "病\u202e棟", "scope": ["read"]},
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    start: Start, tmp_path: Path, fields: dict[str, str | list[str]]
) -> None:
    client = administrator(start, tmp_path)
    refused = client.post("/keys", data=fields)
    assert refused.status_code in (400, 422)
    assert tree(refused).cssselect(".problem")
    assert len(tree(client.get("/keys")).cssselect("tbody tr")) == 1


def test_the_first_key_locks_nobody_out(start: Start, tmp_path: Path) -> None:
    client = start(state={"dir": tmp_path / "state"})
    client.headers.update(BROWSER)
    assert "キーがまだありません" in tree(client.get("/keys")).text_content()
    refused = client.post("/keys", data={"name": "病棟", "scope": ["read", "ask"]})
    assert refused.status_code in (400, 422)
    assert client.get("/keys").status_code == 200
    made = client.post("/keys", data={"name": "管理者", "scope": ["read", "ask", "admin"]})
    key = tree(made).cssselect("input#made")[0].get("value") or ""
    assert client.get("/keys").status_code == 303  # from now on everybody signs in
    assert client.post("/signin", data={"key": key}).status_code == 303
    assert client.get("/keys").status_code == 200


def test_names_with_markup_stay_text(start: Start, tmp_path: Path) -> None:
    client = administrator(start, tmp_path)
    attack = "<img src=x onerror=alert(1)>"
    client.post("/keys", data={"name": attack, "scope": ["read"]})
    asyncio.run(asyncio.sleep(0.5))
    for path in ("/keys", f"/audit?who={attack}", "/audit"):
        page: html.HtmlElement = tree(client.get(path))
        assert not page.cssselect("main img"), path
    assert attack in tree(client.get("/keys")).text_content()
