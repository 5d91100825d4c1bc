"""A staged case over REST: research mode only, stage by stage, cancelled with its reader."""

import json
import threading
import time
from typing import Any

import httpx
import pytest

from service.checking.opinion_prompt import OpinionPrompt
from service.errors import GeneratorUnavailable
from service.generators.scripted import ScriptedGenerator
from service.prompts import Prompt
from tests.service.cases.test_stage_isolation import PROTOCOL, STAGE_OF, STAGES, canaries, planted, reply
from tests.service.conftest import Start
from tests.service.test_api_bad_input import checked

RESEARCH = {"site": {"intended_use": "research"}}
QUESTIONS = list(PROTOCOL.question_ids)


def case() -> dict[str, Any]:
    made: dict[str, Any] = planted().model_dump(mode="json")
    return made


def sent(client: httpx.Client, **fields: Any) -> httpx.Response:
    return client.post("/api/v1/cases", json={"case": case(), **fields})


def events(client: httpx.Client, **fields: Any) -> list[tuple[str, Any]]:
    response = sent(client, stream=True, **fields)
    assert response.headers["content-type"].startswith("text/event-stream"), response.text
    found = []
    for block in response.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


@pytest.fixture(scope="module")
def research(start: Start) -> httpx.Client:
    return start(writer=ScriptedGenerator(reply), **RESEARCH)


def test_a_reference_server_answers_no_case(start: Start) -> None:
    problem = checked(sent(start()), 422)
    assert problem["type"].endswith("outside-intended-use")
    assert "intended_use" in problem["ja"]


def test_every_question_gets_its_record_on_one_generation(research: httpx.Client) -> None:
    report = sent(research).json()
    assert [record["question_id"] for record in report["records"]] == QUESTIONS
    assert [record["stage"] for record in report["records"]] == [STAGE_OF[name] for name in QUESTIONS]
    assert (report["case_id"], report["protocol"]) == ("canary-01", PROTOCOL.name)
    for record in report["records"]:
        answer = record["answer"]
        assert answer["steps"][0]["evidence"]
        assert answer["provenance"]["generation"] == report["generation"]


def test_records_stream_as_they_come_and_end(research: httpx.Client) -> None:
    found = events(research, carry="own_output", strategies={"Q2": "stepwise"})
    assert [name for name, _ in found] == ["case", *["record"] * len(QUESTIONS), "end"]
    records = [data for name, data in found if name == "record"]
    assert [record["question_id"] for record in records] == QUESTIONS
    strategies = {record["question_id"]: record["answer"]["provenance"]["strategy"] for record in records}
    assert strategies.pop("Q2") == "stepwise"
    assert set(strategies.values()) == {"single"}


def test_no_stage_is_told_of_a_later_one(start: Start) -> None:
    """Every prompt of the whole run, against what was planted in the later stages."""
    writer = ScriptedGenerator(reply)
    client = start(writer=writer, **RESEARCH)
    for fields in ({}, {"carry": "own_output"}, {"retrieval": "none"}, {"strategy": "stepwise"}):
        writer.prompts.clear()
        records = [data for name, data in events(client, **fields) if name == "record"]
        assert len(records) == len(QUESTIONS)
        for prompt in writer.prompts:
            text = json.dumps(prompt.messages(), ensure_ascii=False)
            shown = [stage for stage in STAGES if any(mark in text for mark in canaries(stage))]
            assert not isinstance(prompt, OpinionPrompt)
            asked = next(name for name in reversed(QUESTIONS) if f"# 設問 {name}\n" in prompt.question.text)
            assert shown == STAGES[: STAGES.index(STAGE_OF[asked]) + 1]


def _without_a_stage(made: dict[str, Any]) -> None:
    made["stages"].pop()


def _in_another_order(made: dict[str, Any]) -> None:
    made["stages"].reverse()


def _too_long(made: dict[str, Any]) -> None:
    made["stages"][0]["text"] = "長" * 12_001


def _half_a_character(made: dict[str, Any]) -> None:
    made["stages"][0]["text"] = "\ud800"


def _with_its_key(made: dict[str, Any]) -> None:
    made["gold_diagnosis"] = "IgA腎症"


@pytest.mark.parametrize(
    "spoil", [_without_a_stage, _in_another_order, _too_long, _half_a_character, _with_its_key]
)
def test_a_case_that_does_not_fit_is_refused_by_name(research: httpx.Client, spoil: Any) -> None:
    made = case()
    spoil(made)
    body = json.dumps({"case": made})
    response = research.post("/api/v1/cases", content=body, headers={"Content-Type": "application/json"})
    problem = checked(response, 422 if response.status_code == 422 else 400)
    assert "case" in json.dumps(problem)


@pytest.mark.parametrize(
    "fields",
    [
        {"retrieval": "oracle"},
        {"carry": "gold_output"},
        {"strategies": {"Q99": "single"}},
        {"strategies": {"Q1": "magic"}},
        {"retrieval": "filtered"},
        {"filters": {"tags": ["腎臓"]}},
        {"gold": {"Q1": "x"}},
    ],
    ids=str,
)
def test_a_plan_that_cannot_be_is_refused(research: httpx.Client, fields: dict[str, Any]) -> None:
    response = sent(research, **fields)
    assert response.status_code in (400, 422)


def test_a_model_that_is_down_ends_the_stream_with_its_problem(start: Start) -> None:
    calls: list[Prompt] = []

    def dies(prompt: Prompt) -> str | Exception:
        calls.append(prompt)
        return GeneratorUnavailable("止まった", "down") if len(calls) > 3 else reply(prompt)

    client = start(writer=ScriptedGenerator(dies), **RESEARCH)
    found = events(client)
    assert [name for name, _ in found] == ["case", "record", "record", "record", "error"]
    assert found[-1][1]["status"] == 503
    calls.clear()
    assert sent(client).status_code == 503


def test_a_reader_that_leaves_stops_the_case(start: Start) -> None:
    asked = threading.Event()
    prompts: list[Prompt] = []

    def slow(prompt: Prompt) -> str:
        prompts.append(prompt)
        asked.set()
        time.sleep(0.3)
        return reply(prompt)

    client = start(writer=ScriptedGenerator(slow), **RESEARCH)
    with pytest.raises(httpx.ReadTimeout):
        client.post("/api/v1/cases", json={"case": case()}, timeout=0.4)
    assert asked.wait(10)
    time.sleep(1.5)
    reached = len(prompts)
    time.sleep(1.0)
    assert len(prompts) == reached < len(QUESTIONS)
