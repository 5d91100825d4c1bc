"""The service in front of a model server; what becomes of its faults is in `tests.service.test_faults`."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.service.conftest import Start
from tests.service.model_server import MODEL, ModelServer
from tests.service.running import closed_port, served
from tests.service.test_api_bad_input import checked

BODY = {"question": "CKD患者で高カリウム血症を認めたときの初期対応は？"}
PLAN = json.dumps(
    {"steps": [{"sub_question": "緊急度", "query": "高カリウム血症 緊急度"}]}, ensure_ascii=False
)


def good(body: dict[str, Any]) -> str:
    """A model that plans one step and cites a key that exists and one that does not."""
    return PLAN if "response_format" in body else "心電図で決める。[E1][E66]"


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[ModelServer, str]]:
    server = ModelServer()
    with served(server.app()) as address:
        yield server, f"{address}/v1"


@pytest.fixture
def model(running: tuple[ModelServer, str]) -> ModelServer:
    vars(running[0]).update(vars(ModelServer(reply=good)))
    return running[0]


@pytest.fixture(scope="module")
def front(start: Start, running: tuple[ModelServer, str]) -> httpx.Client:
    times = {"first_token_timeout_s": 0.7, "total_timeout_s": 1.5}
    return start(generator={"base_url": running[1], "model": MODEL, **times})


def test_a_model_server_answers_in_steps(model: ModelServer, front: httpx.Client) -> None:
    answer = front.post("/api/v1/answers", json=BODY).json()
    assert answer["text"] == "心電図で決める。[E1]"
    assert answer["provenance"]["model"] == MODEL
    assert answer["usage"] == {"calls": 3, "prompt_tokens": 33, "completion_tokens": 21}
    assert {n["code"]: n["count"] for n in answer["notices"]}["unknown_citations"] == 2
    assert front.get("/readyz").json()["generator_problem"] is None


def test_prompts_of_one_question_grow_from_the_same_start(model: ModelServer, front: httpx.Client) -> None:
    front.post("/api/v1/answers", json=BODY)
    plan, step, answer = (body["messages"] for body in model.requests)
    assert plan[0] == step[0] == answer[0]
    evidence = step[1]["content"].partition("# 課題\n")[0]
    assert "</evidence>" in evidence
    assert answer[1]["content"].startswith(evidence)


def test_a_server_that_is_down(start: Start) -> None:
    client = start(generator={"base_url": f"http://127.0.0.1:{closed_port()}/v1"})
    checked(client.post("/api/v1/answers", json=BODY), 503)
    ready = client.get("/readyz").json()
    assert (ready["ready"], ready["degraded"]) == (True, True)
    assert "base_url" in ready["generator_problem"]
    assert client.get("/api/v1/search?q=a").status_code == 200


def test_a_wrong_model(start: Start, running: tuple[ModelServer, str], model: ModelServer) -> None:
    client = start(generator={"base_url": running[1], "model": "another"})
    assert "generator.model" in checked(client.post("/api/v1/answers", json=BODY), 503)["en"]
    assert MODEL in client.get("/readyz").json()["generator_problem"]


def test_evidence_only_where_it_is_configured(start: Start) -> None:
    address = f"http://127.0.0.1:{closed_port()}/v1"
    client = start(generator={"base_url": address, "model": MODEL, "on_model_failure": "evidence_only"})
    answer = client.post("/api/v1/answers", json=BODY).json()
    assert (answer["text"], answer["abstained"], answer["reason"]["code"]) == ("", True, "evidence_only")
    assert answer["steps"][0]["evidence"]


def test_more_questions_than_places_are_told_to_come_back(
    start: Start, running: tuple[ModelServer, str], model: ModelServer
) -> None:
    client = start(
        server={"max_concurrent_answers": 1},
        queue={"length": 0},
        generator={"base_url": running[1], "model": MODEL},
    )
    model.reply = good
    with client.stream("POST", "/api/v1/answers", json={**BODY, "stream": True}) as first:
        model.mode, model.delay_s = "stalled", 2.0
        assert first.status_code == 200
        busy = client.post("/api/v1/answers", json=BODY)
        first.read()
    assert busy.headers["retry-after"]
    checked(busy, 429)
