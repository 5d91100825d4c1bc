"""A model server that fails, in every way it can: the documented problem, and never a piece of an answer."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.service.conftest import Start
from tests.service.faulty_server import FAULTS, TEXT, FaultyServer, hanging_port, running
from tests.service.model_server import MODEL
from tests.service.running import closed_port
from tests.service.test_api_bad_input import checked

BODY = {"question": "CKD患者で高カリウム血症を認めたときの緊急度は？"}
PATIENCE = {"connect_timeout_s": 0.5, "first_token_timeout_s": 0.6, "total_timeout_s": 1.6}
LAST_CALL = 3
"""The plan, the step's conclusion, the answer."""

UNAVAILABLE = (503, "generator-unavailable")
TOO_SLOW = (503, "generation-timeout")
TRUNCATED = (502, "generation-truncated")
REFUSED = (422, "generation-refused")
REJECTED = (502, "prompt-rejected")

PROBLEMS: dict[str, tuple[int, str]] = {
    "no_reply": TOO_SLOW,
    "slow_first_token": TOO_SLOW,
    "stalled": TOO_SLOW,
    "trickling": TOO_SLOW,
    "endless": UNAVAILABLE,
    "endless_nothing": UNAVAILABLE,
    "oversized_chunk": UNAVAILABLE,
    "http_500": UNAVAILABLE,
    "http_502": UNAVAILABLE,
    "http_503": UNAVAILABLE,
    "http_429": UNAVAILABLE,
    "http_401": UNAVAILABLE,
    "wrong_model": UNAVAILABLE,
    "context_overflow": REJECTED,
    "too_large": REJECTED,
    "redirect": UNAVAILABLE,
    "html": UNAVAILABLE,
    "not_streamed": UNAVAILABLE,
    "wrong_content_type": UNAVAILABLE,
    "not_http": UNAVAILABLE,
    "empty_body": UNAVAILABLE,
    "done_at_once": UNAVAILABLE,
    "malformed_json": UNAVAILABLE,
    "half_a_stream": UNAVAILABLE,
    "no_finish_reason": UNAVAILABLE,
    "cut_chunked": UNAVAILABLE,
    "cut_short_of_its_length": UNAVAILABLE,
    "reset": UNAVAILABLE,
    "error_event": UNAVAILABLE,
    "length": TRUNCATED,
    "content_filter": REFUSED,
    "refusal": REFUSED,
    "tool_calls": UNAVAILABLE,
    "empty_choices": UNAVAILABLE,
    "null_delta": UNAVAILABLE,
    "content_is_a_number": UNAVAILABLE,
    "more_after_the_end": UNAVAILABLE,
}
HARMLESS = ("good", "foreign_fields", "doubled_fields", "second_choice", "split_anywhere", "other_name")
FOR_OTHER_TESTS = ("held", "flood")


@pytest.fixture(scope="module")
def faulty() -> Iterator[tuple[FaultyServer, str]]:
    server = FaultyServer()
    with running(server) as address:
        yield server, address


@pytest.fixture
def model(faulty: tuple[FaultyServer, str]) -> FaultyServer:
    vars(faulty[0]).update(vars(FaultyServer()))
    return faulty[0]


@pytest.fixture(scope="module")
def front(start: Start, faulty: tuple[FaultyServer, str]) -> httpx.Client:
    """A service whose circuit stays closed, so that each fault is seen by itself."""
    return start(
        generator={"base_url": faulty[1], "model": MODEL, **PATIENCE},
        limits={"step_tokens": 256, "answer_tokens": 256},
        circuit={"failures": 1_000_000},
    )


def guarded(start: Start, address: str, **generator: Any) -> httpx.Client:
    """A service that gives a failing server half a second."""
    return start(
        generator={"base_url": address, "model": MODEL, **PATIENCE, **generator}, circuit={"open_s": 0.5}
    )


def told(client: httpx.Client) -> list[tuple[str, Any]]:
    """The events of a streamed answer."""
    response = client.post("/api/v1/answers", json={**BODY, "stream": True})
    if response.headers["content-type"] == "application/problem+json":
        return [("error", response.json())]
    events = []
    for block in response.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if "event" in fields:
            events.append((fields["event"], json.loads(fields["data"])))
    return events


def test_the_table_holds_every_fault() -> None:
    assert {*PROBLEMS, *HARMLESS, *FOR_OTHER_TESTS} == set(FAULTS)


@pytest.mark.parametrize("mode", PROBLEMS)
def test_no_answer_is_made_from_a_failing_server(front: httpx.Client, model: FaultyServer, mode: str) -> None:
    """The first call fails, as in an outage: the documented problem, in both forms."""
    status, code = PROBLEMS[mode]
    model.mode = mode
    with ThreadPoolExecutor() as pool:  # both forms at once: some of the faults are long waits
        events = pool.submit(told, front)
        response = front.post("/api/v1/answers", json=BODY)
    problem = checked(response, status)
    assert problem["type"] == f"urn:jmedqa:problem:{code}"
    assert ("retry-after" in response.headers) == (status == 503)
    name, data = events.result()[-1]
    assert (name, data["type"]) == ("error", problem["type"])
    assert "secret" not in response.text


@pytest.mark.parametrize("mode", sorted(PROBLEMS.keys() - {"no_reply", "slow_first_token", "trickling"}))
def test_an_answer_that_breaks_is_never_shown_as_complete(
    front: httpx.Client, model: FaultyServer, mode: str
) -> None:
    """Plan and step go well, the answer itself fails: pieces of it were streamed, and are no answer."""
    model.mode, model.from_call = mode, LAST_CALL
    checked(front.post("/api/v1/answers", json=BODY), PROBLEMS[mode][0])
    model.calls.clear()
    names = [name for name, _ in told(front)]
    assert names[:2] == ["plan", "step"]
    assert names[-1] == "error"
    assert "answer" not in names


@pytest.mark.parametrize("mode", HARMLESS)
def test_what_is_odd_but_whole_is_an_answer(front: httpx.Client, model: FaultyServer, mode: str) -> None:
    model.mode, model.from_call = mode, LAST_CALL
    assert front.post("/api/v1/answers", json=BODY).json()["text"] == TEXT
    model.calls.clear()
    events = told(front)
    assert events[-1][0] == "answer"
    assert "".join(data["text"] for name, data in events if name == "token") == TEXT


def test_nothing_listens(start: Start) -> None:
    client = guarded(start, f"http://127.0.0.1:{closed_port()}/v1")
    checked(client.post("/api/v1/answers", json=BODY), 503)


def test_a_connection_that_hangs(start: Start) -> None:
    with hanging_port() as port:
        client = guarded(start, f"http://127.0.0.1:{port}/v1")
        assert checked(client.post("/api/v1/answers", json=BODY), 503)["type"].endswith("generation-timeout")


def test_the_servers_own_retry_after_is_passed_on(front: httpx.Client, model: FaultyServer) -> None:
    model.mode = "http_429"
    assert front.post("/api/v1/answers", json=BODY).headers["retry-after"] == "7"


@pytest.mark.parametrize("mode", ["http_500", "http_503", "context_overflow", "reset"])
def test_a_failing_server_gets_no_more_calls_than_questions(
    start: Start, faulty: tuple[FaultyServer, str], model: FaultyServer, mode: str
) -> None:
    """At most 1.2 calls a question, also where nothing stops them: retries are earned by successes."""
    client = start(
        generator={"base_url": faulty[1], "model": MODEL, **PATIENCE}, circuit={"failures": 1_000_000}
    )
    model.mode = mode
    for _ in range(15):
        client.post("/api/v1/answers", json=BODY)
    assert 15 <= len(model.calls) <= 18


def state_of(client: httpx.Client) -> tuple[str, str]:
    """The circuit's state as `/readyz` and as the metrics tell it."""
    lines = [line for line in client.get("/metrics").text.splitlines() if "jmedqa_model_circuit{" in line]
    (shown,) = (line.split('"')[1] for line in lines if line.endswith(" 1.0"))
    return client.get("/readyz").json()["circuit"], shown


def settled(client: httpx.Client, state: str) -> bool:
    """Wait for the circuit to come to a state by itself."""
    until = time.monotonic() + 20
    while state_of(client) != (state, state) and time.monotonic() < until:
        time.sleep(0.05)
    return state_of(client) == (state, state)


def test_the_circuit_opens_after_five_failures_and_heals(
    start: Start, faulty: tuple[FaultyServer, str], model: FaultyServer
) -> None:
    client = guarded(start, faulty[1])
    model.mode = "http_500"
    for number in range(5):
        assert state_of(client) == ("closed", "closed"), number
        checked(client.post("/api/v1/answers", json=BODY), 503)
    assert len(model.calls) == 5
    assert state_of(client) == ("open", "open")
    listings = model.listings
    refused = client.post("/api/v1/answers", json=BODY)
    assert refused.headers["retry-after"] == "1"
    assert "paused" in checked(refused, 503)["en"]
    assert client.get("/readyz").json()["generator_problem"]
    assert (len(model.calls), model.listings) == (5, listings), "an open circuit leaves the server alone"

    assert settled(client, "half_open")
    checked(client.post("/api/v1/answers", json=BODY), 503)
    assert len(model.calls) == 6, "the one call that is tried"
    assert state_of(client) == ("open", "open")

    assert settled(client, "half_open")
    model.mode = "good"
    assert client.post("/api/v1/answers", json=BODY).json()["text"] == TEXT
    assert state_of(client) == ("closed", "closed")
    assert "jmedqa_model_circuit_openings 2.0" in client.get("/metrics").text


@pytest.mark.parametrize("mode", ["context_overflow", "length", "content_filter"])
def test_replies_of_a_working_server_open_nothing(
    start: Start, faulty: tuple[FaultyServer, str], model: FaultyServer, mode: str
) -> None:
    client = guarded(start, faulty[1])
    model.mode = mode
    for _ in range(7):
        client.post("/api/v1/answers", json=BODY)
    assert state_of(client) == ("closed", "closed")


@pytest.mark.parametrize(
    ("mode", "from_call", "questions"),
    [
        ("http_500", 1, 7),  # the last ones meet an open circuit
        ("stalled", 1, 1),
        ("http_500", LAST_CALL, 2),
        ("half_a_stream", LAST_CALL, 2),
        ("context_overflow", LAST_CALL, 2),
    ],
)
def test_evidence_only_where_it_is_asked_for(
    start: Start,
    faulty: tuple[FaultyServer, str],
    model: FaultyServer,
    mode: str,
    from_call: int,
    questions: int,
) -> None:
    client = guarded(start, faulty[1], on_model_failure="evidence_only")
    for _ in range(questions):
        model.calls.clear()
        model.mode, model.from_call = mode, from_call
        answer = client.post("/api/v1/answers", json=BODY).json()
        assert (answer["text"], answer["abstained"]) == ("", True)
        assert answer["reason"]["code"] == "evidence_only"
        assert answer["steps"][0]["evidence"]
