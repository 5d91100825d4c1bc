"""Streams that break: read on without a gap where that was asked for, stopped at once where it was not."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from service.api import running_answers
from service.api.running_answers import RunningAnswer
from service.generators.protocol import Completion, Delta, Limits
from service.generators.scripted import ScriptedGenerator
from service.prompts import Prompt
from tests.service.conftest import Start
from tests.service.model_server import ModelServer
from tests.service.running import served

TEXT = "心電図を確かめ、カルシウムを静注し、原因を除く。"


class SlowWriter(ScriptedGenerator):
    """Writes a character at a time, waiting in between; knows when it was stopped."""

    def __init__(self, pause_s: float = 0.03) -> None:
        super().__init__(lambda prompt: TEXT, piece=1)
        self.pause_s = pause_s
        self.begun = 0
        self.stopped = 0
        self.ended = 0

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        ended = False
        self.begun += 1
        try:
            for character in TEXT:
                await asyncio.sleep(self.pause_s)
                yield Delta(text=character)
            ended = True
            self.ended += 1
            yield Delta(completion=Completion(text=TEXT, model="slow"))
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped += not ended
            raise


def until(ready: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not ready():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def read(lines: Iterator[str], most: int = 10_000) -> list[tuple[str, str, Any]]:
    """At most so many events, as (id, name, data)."""
    found: list[tuple[str, str, Any]] = []
    event: dict[str, str] = {}
    for line in lines:
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value
        elif event:
            found.append((event["id"], event["event"], json.loads(event["data"])))
            event = {}
            if len(found) == most:
                break
    return found


def begun(client: httpx.Client, most: int = 10_000, **fields: Any) -> tuple[str, list[tuple[str, str, Any]]]:
    """Ask, read so many events, hang up."""
    body = {"question": "高カリウム血症の対応は？", "strategy": "closed_book", "resumable": True, **fields}
    with client.stream("POST", "/api/v1/answers", json=body) as response:
        assert response.status_code == 200
        return response.headers.get("location", ""), read(response.iter_lines(), most)


def test_a_stream_that_broke_goes_on_without_a_gap_or_a_repetition(start: Start) -> None:
    writer = SlowWriter()
    client = start(writer=writer)
    place, events = begun(client, most=3)
    for most in (4, 1, 10_000):
        headers = {"Last-Event-ID": events[-1][0]}
        with client.stream("GET", place, headers=headers) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            events += read(response.iter_lines(), most)
    answer_id = place.split("/")[-2]
    assert [number for number, _, _ in events] == [
        f"{answer_id}:{number}" for number in range(1, len(events) + 1)
    ]
    assert "".join(data["text"] for _, name, data in events if name == "token") == TEXT
    assert (events[-1][1], events[-1][2]["id"]) == ("answer", answer_id)
    assert (writer.ended, writer.stopped) == (1, 0)
    with client.stream("GET", place) as response:
        assert read(response.iter_lines()) == events
    with client.stream("GET", place, headers={"Last-Event-ID": events[-1][0]}) as response:
        assert read(response.iter_lines()) == []


def test_without_its_reader_it_is_stopped_after_the_grace_time(start: Start) -> None:
    """And whoever comes back just then reads that it was, not half an answer."""
    writer = SlowWriter(pause_s=0.2)
    client = start(writer=writer, server={"resume_grace_s": 1.0})
    place, events = begun(client, most=2)
    until(lambda: writer.stopped)
    with client.stream("GET", place, headers={"Last-Event-ID": events[-1][0]}) as response:
        last = read(response.iter_lines())[-1]
    assert (last[1], last[2]["type"]) == ("error", "urn:jmedqa:problem:answer-abandoned")
    until(lambda: client.get(place).status_code == 404)


def test_a_stream_that_is_not_resumable_stops_its_model_with_the_connection(start: Start) -> None:
    writer = SlowWriter()
    client = start(writer=writer)
    place, events = begun(client, most=2, resumable=False, stream=True)
    assert (place, len(events)) == ("", 2)
    until(lambda: writer.stopped)
    answer_id = events[0][0].partition(":")[0]
    assert client.get(f"/api/v1/answers/{answer_id}/events").status_code == 404


@pytest.mark.parametrize("fields", [{}, {"stream": True}, {"resumable": True}])
def test_a_client_that_leaves_before_the_first_event_stops_the_model(
    start: Start, fields: dict[str, Any]
) -> None:
    model = ModelServer(mode="slow")
    with served(model.app()) as address:
        client = start(generator={"base_url": f"{address}/v1", "model": "test-model"})
        with pytest.raises(httpx.ReadTimeout):
            client.post("/api/v1/answers", json={"question": "対応は？", **fields}, timeout=1)
        until(lambda: model.left == 1)


def test_a_write_that_is_under_way_is_not_begun_again(start: Start) -> None:
    """And one whose client left frees its key."""
    writer = SlowWriter(pause_s=0.05)
    client = start(writer=writer)
    body = {"question": "高カリウム血症の対応は？", "strategy": "closed_book"}
    headers = {"Idempotency-Key": "k"}
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/api/v1/answers", json=body, headers=headers)
        until(lambda: writer.begun)
        busy = client.post("/api/v1/answers", json=body, headers=headers)
        assert (busy.status_code, busy.json()["type"]) == (409, "urn:jmedqa:problem:idempotency-busy")
        again = client.post("/api/v1/answers", json=body, headers={"Idempotency-Key": "other"})
        assert again.status_code == 200
        assert first.result().status_code == 200
    with pytest.raises(httpx.ReadTimeout):
        client.post("/api/v1/answers", json=body, headers={"Idempotency-Key": "left"}, timeout=0.3)
    until(lambda: writer.stopped)
    retried = client.post("/api/v1/answers", json=body, headers={"Idempotency-Key": "left"})
    assert retried.status_code == 200, retried.text


@pytest.mark.parametrize(
    "given", ["ans_other:1", "1", "", "x:y", "{id}:99999", "{id}:-1", "{id}:01", "{id}:１"]
)
def test_an_event_id_of_something_else_is_refused(start: Start, client: httpx.Client, given: str) -> None:
    place, _ = begun(client)
    answer_id = place.split("/")[-2]
    last = given.replace("{id}", answer_id).encode()
    refused = client.get(place, headers={b"Last-Event-ID": last})
    assert (refused.status_code, refused.json()["type"]) == (410, "urn:jmedqa:problem:stream-expired")


def test_a_failure_is_an_event_with_an_id_and_nothing_follows(start: Start) -> None:
    model = ModelServer(mode="cut", reply=lambda body: TEXT)
    with served(model.app()) as address:
        client = start(generator={"base_url": f"{address}/v1", "model": "test-model"})
        place, events = begun(client)
        assert events[-1][1:] == ("error", events[-1][2])
        assert events[-1][0].endswith(f":{len(events)}")
        with client.stream("GET", place) as response:
            assert read(response.iter_lines()) == events


def test_the_buffer_is_bounded_and_whoever_is_too_late_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_answers, "MOST_EVENTS", 5)

    async def lines() -> AsyncGenerator[bytes, None]:
        for number in range(1, 21):
            yield f"{number}".encode()

    async def run() -> tuple[list[bytes], list[bytes], bool]:
        running = RunningAnswer("ans_x", "local", "request", lines(), 1.0)
        running.start()
        async for _ in running.read(0):  # keeps up, so that it ends with the answer
            pass
        late = [line async for line in running.read(3)]
        return late, [line async for line in running.read(15)], running.holds(14)

    late, rest, held = asyncio.run(run())
    assert len(late) == 1
    assert b"stream-expired" in late[0]
    assert rest == [b"16", b"17", b"18", b"19", b"20"]
    assert not held
