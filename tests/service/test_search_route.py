"""Searches: the short way reads a query string as FastAPI does, and a kept reply is the one found."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Query
from fastapi.testclient import TestClient
from starlette.datastructures import QueryParams

from service.api.app import create_app
from service.api.kept_searches import MOST_BYTES, MOST_KEPT, Kept, KeptSearches
from service.api.schemas import SearchParameters
from service.api.search_route import parameters
from service.live_index import IndexState
from tests.service.audit.test_requests import entries
from tests.service.security.conftest import asked, settings

by_fastapi = FastAPI()


@by_fastapi.get("/")
async def read(given: SearchParameters = Query()) -> dict[str, Any]:
    return given.model_dump(mode="json")


@pytest.mark.parametrize(
    "query_string",
    [
        "q=高カリウム血症",
        "q=CKD&k=5&mode=lexical",
        "q=CKD&k=",
        "q=CKD&k=0",
        "q=CKD&k=1.5",
        "q=CKD&k=1&k=2",
        "q=CKD&tags=腎臓&tags=循環器&sources=a",
        "q=CKD&tags=",
        "q=CKD&unreviewed=true",
        "q=CKD&unreviewed=maybe",
        "q=CKD&published_from=2024-01-01",
        "q=CKD&published_from=2024-13-01",
        "q=CKD&published_from=1700000000",
        "q=CKD&published_from=2024-05-01&published_to=2024-01-01",
        "q=CKD&superseded=only",
        "q=CKD&colour=red",
        "q=",
        "q=%00",
        "",
    ],
)
def test_a_query_string_means_what_it_means_to_fastapi(query_string: str) -> None:
    theirs = TestClient(by_fastapi).get(f"/?{query_string}")
    ours = parameters(QueryParams(query_string))
    assert (ours.model_dump(mode="json") if ours else None) == (
        theirs.json() if theirs.status_code == 200 else None
    )


def test_a_kept_reply_is_byte_for_byte_the_first_and_is_written_down_again(
    index_dir: Path, tmp_path: Path
) -> None:
    app = create_app(settings(index_dir, tmp_path / "state"))

    async def work(client: httpx.AsyncClient) -> list[httpx.Response]:
        return [await client.get("/api/v1/search?q=CKD&mode=lexical") for _ in range(2)]

    first, second = asked(app, work)
    assert len(app.state.service.searches._kept) == 1
    assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"])
    assert first.json()["hits"]
    assert [entry["outcome"] for entry in entries(tmp_path / "state")] == ["searched", "searched"]


def reply(generation: str = "1", size: int = 10) -> Kept:
    return Kept("腎", generation, b"x" * size)


def test_another_generation_or_a_degraded_one_forgets_what_was_found() -> None:
    kept, before = KeptSearches(), IndexState("1", None)
    kept.keep(before, b"q", reply())
    assert kept.find(before, b"q") is not None
    for now in (IndexState("2", None), IndexState("1", "damaged"), IndexState(None, None)):
        assert kept.find(now, b"q") is None
    kept.keep(IndexState("2", None), b"other", reply("2"))
    assert kept.find(before, b"q") is None
    kept.keep(IndexState("2", None), b"late", reply("1"))  # found before the change
    assert kept.find(IndexState("2", None), b"late") is None


def test_few_and_small_replies_are_kept_and_the_one_used_longest_ago_goes_first() -> None:
    kept, served = KeptSearches(), IndexState("1", None)
    kept.keep(served, b"large", reply(size=MOST_BYTES + 1))
    assert kept.find(served, b"large") is None
    for number in range(MOST_KEPT):
        kept.keep(served, str(number).encode(), reply())
    kept.find(served, b"0")
    kept.keep(served, b"one more", reply())
    assert kept.find(served, b"0") is not None
    assert kept.find(served, b"1") is None
