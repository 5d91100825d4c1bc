"""Documents, passages and searches as they are read, page by page, and asked for again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.conftest import DOCUMENTS, Start, build

OLD = """---
id: hyperkalaemia-2020
title: 高カリウム血症(旧版)
edition: "2020"
---
# 高カリウム血症(旧版)

## 初期対応
高カリウム血症の初期対応の旧版である。
"""
NEW = DOCUMENTS["hyperkalaemia"].replace(
    "id: hyperkalaemia\n", "id: hyperkalaemia\nsupersedes: [hyperkalaemia-2020]\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("documents")
    build(made, {**DOCUMENTS, "hyperkalaemia": NEW, "old": OLD})
    return made


@pytest.fixture(scope="module")
def reader(start: Start, folder: Path) -> httpx.Client:
    return start(index={"dir": folder / "index"})


def pages(client: httpx.Client, **asked: Any) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = client.get("/api/v1/documents", params={**asked, **({"cursor": cursor} if cursor else {})})
        assert page.status_code == 200, page.text
        yield page.json()
        cursor = page.json()["next_cursor"]
        if cursor is None:
            return


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 200])
def test_a_list_read_page_by_page_holds_every_document_once(reader: httpx.Client, limit: int) -> None:
    read = list(pages(reader, limit=limit, superseded="include"))
    assert [one["doc_id"] for page in read for one in page["items"]] == [
        "hyperkalaemia",
        "hyperkalaemia-2020",
        "metformin",
        "nephrotic",
    ]
    assert all(0 < len(page["items"]) <= limit for page in read)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["hyperkalaemia", "metformin", "nephrotic"]),
        ({"superseded": "only"}, ["hyperkalaemia-2020"]),
        ({"editions": "2026-11"}, ["hyperkalaemia", "nephrotic"]),
        ({"doc_ids": ["metformin", "nephrotic"]}, ["metformin", "nephrotic"]),
        ({"unreviewed": "true"}, ["hyperkalaemia"]),
        ({"doc_ids": "none"}, []),
    ],
)
def test_filters_are_those_of_a_search(reader: httpx.Client, asked: dict[str, Any], found: list[str]) -> None:
    assert [one["doc_id"] for one in next(pages(reader, **asked))["items"]] == found


def test_a_document_is_shown_with_its_passages_in_the_order_of_its_text(reader: httpx.Client) -> None:
    shown = reader.get("/api/v1/documents/hyperkalaemia", params={"limit": 3}).json()
    rest = reader.get(
        "/api/v1/documents/hyperkalaemia", params={"limit": 3, "cursor": shown["next_cursor"]}
    ).json()
    assert (shown["title"], shown["edition"], shown["unreviewed"]) == (
        "CKD患者の高カリウム血症",
        "2026-11",
        True,
    )
    passages = shown["items"] + rest["items"]
    assert len(passages) == shown["passages"]
    assert [one["start"] for one in passages] == sorted(one["start"] for one in passages)
    assert rest["next_cursor"] is None
    assert passages[0] == reader.get(f"/api/v1/passages/{passages[0]['passage_id']}").json()


def test_a_superseded_document_names_the_current_one_and_the_other_way_round(reader: httpx.Client) -> None:
    old = reader.get("/api/v1/documents/hyperkalaemia-2020").json()
    assert old["superseded_by"] == ["hyperkalaemia"]
    assert reader.get("/api/v1/documents/hyperkalaemia").json()["supersedes"] == ["hyperkalaemia-2020"]


def test_an_unknown_document_is_not_found(reader: httpx.Client) -> None:
    missing = reader.get("/api/v1/documents/none")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:jmedqa:problem:unknown-document")


@pytest.mark.parametrize("cursor", ["x", "e30", "WyJhIl0", "あ", "bnVsbA", "W10"])
def test_a_cursor_that_is_none_is_refused(reader: httpx.Client, cursor: str) -> None:
    assert reader.get("/api/v1/documents", params={"cursor": cursor}).status_code == 422
    assert reader.get("/api/v1/documents/metformin", params={"cursor": cursor}).status_code == 422


def test_a_cursor_goes_on_with_the_list_it_began_and_no_other(reader: httpx.Client) -> None:
    cursor = reader.get("/api/v1/documents", params={"limit": 1}).json()["next_cursor"]
    for address, asked in (
        ("/api/v1/documents", {"superseded": "include"}),
        ("/api/v1/documents/metformin", {}),
    ):
        assert reader.get(address, params={"cursor": cursor, **asked}).status_code == 422


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/documents",
        "/api/v1/documents/metformin",
        "/api/v1/passages/metformin~1",
        "/api/v1/search?q=浮腫",
    ],
)
def test_what_has_not_changed_is_not_sent_again(reader: httpx.Client, address: str) -> None:
    first = reader.get(address)
    tag = first.headers["etag"]
    assert first.json()["generation"] in tag
    for given in (tag, f'W/{tag}, "other"', f'"other", {tag}'):
        again = reader.get(address, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for given in ('"other"', "*", ""):
        assert reader.get(address, headers={"If-None-Match": given}).json() == first.json()


def test_a_missing_passage_is_missing_whatever_tag_is_sent(reader: httpx.Client) -> None:
    tag = reader.get("/api/v1/passages/metformin~1").headers["etag"]
    assert reader.get("/api/v1/passages/none", headers={"If-None-Match": tag}).status_code == 404


def test_a_search_tells_what_each_arm_found_and_what_was_searched_also(reader: httpx.Client) -> None:
    found = reader.get("/api/v1/search", params={"q": "高K血症の初期対応"}).json()
    assert "高カリウム血症" in found["expansions"]
    assert all(set(hit["ranks"]) == {"lexical", "bigram", "dense"} for hit in found["hits"])
    assert found["hits"][0]["ranks"]["dense"] is not None
    plain = reader.get("/api/v1/search", params={"q": "高K血症の初期対応", "mode": "dense"}).json()
    assert (plain["expansions"], set(plain["hits"][0]["ranks"])) == ([], {"dense"})


def test_a_cursor_of_a_generation_that_is_gone_says_what_to_do(start: Start, tmp_path: Path) -> None:
    """And its tag does not hold any longer."""
    running = start(index={"dir": build(tmp_path)})
    first = running.get("/api/v1/documents", params={"limit": 1})
    build(tmp_path, {**DOCUMENTS, "old": OLD})
    while running.get("/readyz").json()["generation"] == first.json()["generation"]:
        pass
    gone = running.get("/api/v1/documents", params={"limit": 1, "cursor": first.json()["next_cursor"]})
    assert (gone.status_code, gone.json()["type"]) == (410, "urn:jmedqa:problem:cursor-expired")
    assert "without cursor" in gone.json()["en"]
    tag = first.headers["etag"]
    assert running.get("/api/v1/documents", headers={"If-None-Match": tag}).status_code == 200
