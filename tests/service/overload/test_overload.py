"""More questions than places, and clients that go away: over real HTTP, with a model that takes its time."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from tests.service.conftest import Start
from tests.service.faulty_server import FaultyServer
from tests.service.model_server import MODEL
from tests.service.overload.conftest import BODY, comes
from tests.service.test_api_bad_input import checked

CHAT = {"model": "jmedqa-single", "messages": [{"role": "user", "content": "高カリウム血症の原因は？"}]}
PATHS = {
    "json": ("/api/v1/answers", BODY),
    "events": ("/api/v1/answers", {**BODY, "stream": True}),
    "chat": ("/v1/chat/completions", CHAT),
    "chat, streamed": ("/v1/chat/completions", {**CHAT, "stream": True}),
}


def one_place(start: Start, address: str, length: int = 2) -> httpx.Client:
    return start(
        generator={"base_url": address, "model": MODEL},
        server={"max_concurrent_answers": 1},
        queue={"length": length},
    )


def gauge(client: httpx.Client, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


def asks(client: httpx.Client, form: str) -> socket.socket:
    """A client that has sent its question and waits."""
    parts = urlsplit(str(client.base_url))
    path, body = PATHS[form]
    sent = json.dumps(body).encode()
    connection = socket.create_connection((str(parts.hostname), parts.port or 0))
    head = f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}Content-Length: {len(sent)}\r\n\r\n".encode() + sent)
    return connection


def test_the_queue_fills_then_refuses_then_serves_all_it_took(
    start: Start, holding: tuple[FaultyServer, str]
) -> None:
    model, address = holding
    client = one_place(start, address)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(client.post, "/api/v1/answers", json=BODY)
        assert comes(lambda: model.answering == 1)
        waiting = [pool.submit(client.post, "/api/v1/answers", json=BODY) for _ in range(2)]
        assert comes(lambda: gauge(client, "jmedqa_queue_depth") == 2)
        refused = client.post("/api/v1/answers", json=BODY)
        assert checked(refused, 429)["type"] == "urn:jmedqa:problem:busy"
        assert int(refused.headers["retry-after"]) >= 1
        assert len(model.calls) == 1, "a question that waits or is refused costs the model nothing"
        assert client.get("/api/v1/search", params={"q": "腎"}).status_code == 200, "search needs no place"
        model.released.set()
        assert [answer.result().status_code for answer in (first, *waiting)] == [200, 200, 200]
    assert gauge(client, "jmedqa_queue_wait_seconds_count") == 3
    assert gauge(client, "jmedqa_queue_refusals") == 1


@pytest.mark.parametrize("form", PATHS)
def test_a_client_that_goes_while_queued_frees_its_place(
    start: Start, holding: tuple[FaultyServer, str], form: str
) -> None:
    model, address = holding
    client = one_place(start, address)
    with asks(client, "json"):
        assert comes(lambda: model.answering == 1)
        with asks(client, form):
            assert comes(lambda: gauge(client, "jmedqa_queue_depth") == 1)
        assert comes(lambda: gauge(client, "jmedqa_queue_depth") == 0)
        assert (len(model.calls), model.given_up) == (1, 0)


@pytest.mark.parametrize("form", PATHS)
@pytest.mark.parametrize("mode", ["held", "stalled"])
def test_a_client_that_goes_while_its_answer_is_written_cancels_the_models_call(
    start: Start, holding: tuple[FaultyServer, str], form: str, mode: str
) -> None:
    """Before the first token, and in the middle."""
    model, address = holding
    model.mode = mode
    client = one_place(start, address)
    with asks(client, form):
        assert comes(lambda: model.answering == 1)
    assert comes(lambda: model.given_up == 1)
    assert comes(lambda: gauge(client, "jmedqa_answers_in_progress") == 0)
    assert len(model.calls) == 1


def test_a_wait_without_end_is_ended(start: Start, holding: tuple[FaultyServer, str]) -> None:
    model, address = holding
    client = start(
        generator={"base_url": address, "model": MODEL},
        server={"max_concurrent_answers": 1},
        queue={"longest_wait_s": 0.1},
    )
    with asks(client, "json"):
        assert comes(lambda: model.answering == 1)
        late = client.post("/api/v1/answers", json=BODY)
    assert checked(late, 503)["type"] == "urn:jmedqa:problem:queue-timeout"
    assert late.headers["retry-after"]
