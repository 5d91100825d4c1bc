"""Filters and editions over REST: the current edition unless an old one is asked for, and then it says so."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from service.api.app import create_app
from service.settings import Settings
from tests.service.conftest import build
from tests.service.running import served
from tests.service.test_service_cli import jmedqa

OLD, NEW = "potassium-2015", "potassium-2026"
DOCUMENTS = {
    OLD: """---
id: potassium-2015
title: 高カリウム血症
edition: 第1版
published: 2015-04-01
tags: [腎臓]
---
# 高カリウム血症

## 初期対応
高カリウム血症の初期対応では、グルコン酸カルシウムを静注し、イオン交換樹脂を用いる。
""",
    NEW: """---
id: potassium-2026
title: 高カリウム血症
edition: 第2版
published: 2026-04-01
supersedes: potassium-2015
tags: [腎臓, 救急]
---
# 高カリウム血症

## 初期対応
高カリウム血症の初期対応では、グルコン酸カルシウムを静注し、カリウム吸着薬を用いる。
""",
    "asthma": "# 喘息\n\n## 初期対応\n喘息の発作では短時間作用性β2刺激薬を吸入する。\n",
}
QUESTION = "高カリウム血症の初期対応は？"


@pytest.fixture(scope="module")
def editions_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("editions"), DOCUMENTS)


@pytest.fixture(scope="module")
def service(editions_index: Path):  # type: ignore[no-untyped-def]
    app = create_app(
        Settings.model_validate(
            {"index": {"dir": editions_index}, "state": {"dir": editions_index.parent / "state"}}
        )
    )
    with served(app) as address, httpx.Client(base_url=address, timeout=60, trust_env=False) as opened:
        yield opened


def found(service: httpx.Client, **parameters: Any) -> set[str]:
    response = service.get("/api/v1/search", params={"q": "高カリウム血症", **parameters})
    assert response.status_code == 200, response.text
    return {hit["passage"]["doc_id"] for hit in response.json()["hits"]}


def notices(answer: dict[str, Any]) -> dict[str, str]:
    return {notice["code"]: notice["ja"] for notice in answer["notices"]}


def answer(service: httpx.Client, **fields: Any) -> dict[str, Any]:
    response = service.post("/api/v1/answers", json={"question": QUESTION, **fields})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, {NEW, "asthma"}),
        ({"superseded": "include"}, {OLD, NEW, "asthma"}),
        ({"superseded": "only"}, {OLD}),
        ({"tags": "救急"}, {NEW}),
        ({"tags": ["救急", "腎臓"], "superseded": "include"}, {OLD, NEW}),
        ({"published_to": "2020-01-01", "superseded": "include"}, {OLD}),
        ({"editions": "第2版"}, {NEW}),
        ({"doc_ids": "asthma"}, {"asthma"}),
        ({"doc_ids": OLD}, set()),
    ],
)
def test_a_search_takes_filters(
    service: httpx.Client, parameters: dict[str, Any], expected: set[str]
) -> None:
    assert found(service, **parameters) == expected


@pytest.mark.parametrize(
    ("parameters", "field", "message"),
    [
        ({"tag": "救急"}, "query.tag", "Extra inputs"),
        ({"published_from": "2020"}, "query.published_from", "2026-11-23"),
        ({"unreviewed": "perhaps"}, "query.unreviewed", "boolean"),
        ({"superseded": "all"}, "query.superseded", "'include'"),
        ({"published_from": "2021-01-01", "published_to": "2020-01-01"}, "query", "nothing could pass"),
    ],
)
def test_a_bad_filter_is_named(
    service: httpx.Client, parameters: dict[str, str], field: str, message: str
) -> None:
    response = service.get("/api/v1/search", params={"q": "腎臓", **parameters})
    assert response.status_code == 422
    [fault] = response.json()["errors"]
    assert fault["field"] == field
    assert message in fault["message"]


def test_a_bad_filter_of_an_answer_is_named(service: httpx.Client) -> None:
    response = service.post("/api/v1/answers", json={"question": QUESTION, "filters": {"tag": ["救急"]}})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "body.filters.tag"


def test_an_answer_rests_on_current_editions(service: httpx.Client) -> None:
    given = answer(service)
    assert {found["doc_id"] for step in given["steps"] for found in step["evidence"]} == {NEW, "asthma"}
    assert "カリウム吸着薬" in given["text"]
    assert "superseded" not in notices(given)
    assert given["provenance"]["filters"] is None


def test_an_answer_from_an_old_edition_says_so(service: httpx.Client) -> None:
    given = answer(service, filters={"superseded": "only"})
    assert "イオン交換樹脂" in given["text"]
    assert notices(given)["superseded"].endswith(f": {NEW}")
    assert {found["superseded_by"][0] for step in given["steps"] for found in step["evidence"]} == {NEW}
    assert given["provenance"]["filters"]["superseded"] == "only"


def test_a_citation_of_an_old_edition_still_opens_and_names_the_new_one(service: httpx.Client) -> None:
    passage = service.get(f"/api/v1/passages/{quote(OLD, safe='')}").json()
    assert passage["superseded_by"] == [NEW]
    assert "イオン交換樹脂" in passage["text"]
    [notice] = passage["notices"]
    assert notice["code"] == "superseded"
    assert NEW in notice["ja"]
    assert NEW in notice["en"]
    assert service.get(f"/api/v1/passages/{NEW}").json()["superseded_by"] == []


def test_ask_takes_filters(editions_index: Path) -> None:
    done = jmedqa("ask", QUESTION, "--index", str(editions_index), "--filter", "superseded=only")
    assert done.returncode == 0, done.stderr
    assert "イオン交換樹脂" in done.stdout
    assert f"改訂前の資料が含まれています。現在の版を確かめてください: {NEW}" in done.stdout.replace("\n", "")


def test_ask_names_a_bad_filter(editions_index: Path) -> None:
    done = jmedqa("ask", QUESTION, "--index", str(editions_index), "--filter", "edition=2")
    assert done.returncode == 2
    assert "doc_ids" in done.stderr
