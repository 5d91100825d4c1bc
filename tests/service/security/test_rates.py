"""Rates: a bucket a caller, told in headers."""

from pathlib import Path

import httpx
from fastapi import FastAPI

from service.security.rates import MAX_CALLERS, Rates
from tests.service.security.conftest import add_key, asked


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_a_minutes_worth_then_refills_evenly() -> None:
    seconds = Seconds()
    rates = Rates(seconds)
    taken = [rates.take("a", 6) for _ in range(7)]
    assert [one.granted for one in taken] == [True] * 6 + [False]
    assert [one.remaining for one in taken] == [5, 4, 3, 2, 1, 0, 0]
    assert taken[-1].retry_after_s == 10
    seconds.now += 9
    assert not rates.take("a", 6).granted
    seconds.now += 1
    assert rates.take("a", 6).granted
    seconds.now += 3_600
    assert rates.take("a", 6).remaining == 5  # no more than a minute's worth is saved up


def test_asking_in_vain_costs_nothing() -> None:
    seconds = Seconds()
    rates = Rates(seconds)
    rates.take("a", 1)
    for _ in range(60):
        assert not rates.take("a", 1).granted
        seconds.now += 0.9
    seconds.now += 6.1
    assert rates.take("a", 1).granted


def test_callers_do_not_share_and_are_not_kept_without_end() -> None:
    rates = Rates(Seconds())
    assert rates.take("a", 1).granted
    assert rates.take("b", 1).granted
    assert not rates.take("a", 1).granted
    for number in range(MAX_CALLERS + 10):
        rates.take(str(number), 1)
    assert len(rates._buckets) == MAX_CALLERS


def test_a_key_that_asks_too_often_is_told_when_to_come_again(app: FastAPI, state_dir: Path) -> None:
    slow, other = add_key(state_dir, "read", rate=2), add_key(state_dir, "read")

    async def work(client: httpx.AsyncClient) -> list[httpx.Response]:
        first = {"Authorization": f"Bearer {slow}"}
        replies = [await client.get("/api/v1/search?q=a", headers=first) for _ in range(3)]
        second = {"Authorization": f"Bearer {other}"}
        return [*replies, await client.get("/api/v1/search?q=a", headers=second)]

    replies = asked(app, work)
    assert [reply.status_code for reply in replies] == [200, 200, 429, 200]
    assert replies[0].headers["ratelimit-policy"] == '"key";q=2;w=60'
    assert replies[0].headers["ratelimit"] == '"key";r=1;t=1'
    refused = replies[2]
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    assert refused.headers["ratelimit"].startswith('"key";r=0;t=')
    assert refused.json()["type"] == "urn:jmedqa:problem:rate-limited"
    assert replies[3].headers["ratelimit-policy"] == '"key";q=600;w=60'
