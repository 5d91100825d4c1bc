"""Conversations, stored answers, remarks and repeated writes, on a real server."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.api.asking import AnswerView
from tests.service.conftest import Start
from tests.service.test_api import QUESTION, ask, events


def begun(client: httpx.Client, **fields: Any) -> str:
    made = client.post("/api/v1/conversations", json=fields)
    assert made.status_code == 201, made.text
    assert made.headers["location"] == made.json()["href"]
    return str(made.json()["href"])


def asked_in(client: httpx.Client, conversation: str, question: str, **fields: Any) -> dict[str, Any]:
    response = client.post(f"{conversation}/answers", json={"question": question, **fields})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_a_follow_up_is_understood_from_the_turns_before_it_and_that_is_shown(client: httpx.Client) -> None:
    conversation = begun(client)
    first = asked_in(client, conversation, QUESTION)
    assert (first["asked"], first["rewritten"]) == (QUESTION, None)
    second = asked_in(client, conversation, "その原因は？")
    assert (second["asked"], second["rewritten"]) == ("その原因は？", "CKD患者の高カリウム血症の原因は？")
    assert "NSAIDs" in second["text"]
    third = asked_in(client, conversation, "症状は？")
    assert third["rewritten"] == "CKD患者の高カリウム血症の症状は？"
    shown = client.get(conversation).json()
    assert shown["title"] == QUESTION
    assert [(turn["number"], turn["asked"], turn["rewritten"]) for turn in shown["turns"]] == [
        (1, QUESTION, None),
        (2, "その原因は？", second["rewritten"]),
        (3, "症状は？", third["rewritten"]),
    ]
    assert client.get(shown["turns"][1]["href"]).json() == second


def test_a_conversation_streams_how_it_understood_first(client: httpx.Client) -> None:
    conversation = begun(client)
    asked_in(client, conversation, QUESTION)
    body = {"question": "その原因は？", "stream": True}
    names, data = [], []
    with client.stream("POST", f"{conversation}/answers", json=body) as response:
        for block in response.read().decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if lines:
                names.append(lines["event"])
                data.append(json.loads(lines["data"]))
    assert names[:2] == ["question", "plan"]
    assert data[0] == {"asked": "その原因は？", "rewritten": "CKD患者の高カリウム血症の原因は？"}
    assert data[-1]["rewritten"] == data[0]["rewritten"]


def test_a_deleted_conversation_is_gone_with_its_answers(client: httpx.Client) -> None:
    conversation = begun(client, title="回診")
    answer = asked_in(client, conversation, QUESTION)
    assert client.get(conversation).json()["title"] == "回診"
    listed = client.get("/api/v1/conversations", params={"limit": 1}).json()
    assert [one["href"] for one in listed["items"]] == [conversation]
    assert client.delete(conversation).status_code == 204
    for gone in (
        client.get(conversation),
        client.delete(conversation),
        client.post(f"{conversation}/answers", json={"question": QUESTION}),
        client.get(f"/api/v1/answers/{answer['id']}"),
    ):
        assert (gone.status_code, gone.json()["type"]) == (404, "urn:jmedqa:problem:unknown-id")


def test_an_answer_is_opened_again_as_it_was(client: httpx.Client) -> None:
    answer = ask(client)
    address = f"/api/v1/answers/{answer['id']}"
    again = client.get(address)
    assert again.json() == answer == AnswerView.model_validate_json(again.content).model_dump(mode="json")
    same = client.get(address, headers={"If-None-Match": again.headers["etag"]})
    assert same.status_code == 304
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_a_site_that_keeps_no_answers_gives_no_address(start: Start) -> None:
    client = start(state={"answers_days": 0})
    assert ask(client)["id"] is None
    conversation = begun(client)
    asked_in(client, conversation, QUESTION)
    follow_up = asked_in(client, conversation, "その原因は？")
    assert (follow_up["id"], follow_up["rewritten"]) == (None, "CKD患者の高カリウム血症の原因は？")


@pytest.mark.parametrize("verdict", ["helpful", "unhelpful", "wrong", "dangerous"])
def test_a_remark_is_kept(client: httpx.Client, verdict: str) -> None:
    address = f"/api/v1/answers/{ask(client)['id']}/feedback"
    remark = {"verdict": verdict, "claim": 0, "comment": "引用が違う。"}
    kept = client.post(address, json=remark)
    assert kept.status_code == 201
    assert {name: kept.json()[name] for name in remark} == remark


@pytest.mark.parametrize(
    ("remark", "status"),
    [
        ({"verdict": "great"}, 422),
        ({"verdict": "wrong", "claim": 10_000}, 422),
        ({"verdict": "wrong", "claim": -1}, 422),
        ({"verdict": "wrong", "comment": "x" * 4_001}, 422),
        ({"verdict": "wrong", "comment": "\ud800"}, 422),
        ({}, 422),
    ],
)
def test_a_remark_that_says_nothing_is_refused(
    client: httpx.Client, remark: dict[str, Any], status: int
) -> None:
    address = f"/api/v1/answers/{ask(client)['id']}/feedback"
    body = json.dumps(remark)
    given = client.post(address, content=body, headers={"Content-Type": "application/json"})
    assert given.status_code == status, given.text
    unknown = client.post("/api/v1/answers/ans_none/feedback", json={"verdict": "helpful"})
    assert unknown.status_code == 404


def test_a_write_sent_twice_is_done_once(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "one-1"}
    body = {"question": QUESTION}
    first = client.post("/api/v1/answers", json=body, headers=headers)
    again = client.post("/api/v1/answers", json=body, headers=headers)
    assert (first.content, first.headers["content-type"]) == (again.content, again.headers["content-type"])
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    other = client.post("/api/v1/answers", json={"question": "症状は？"}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "urn:jmedqa:problem:idempotency-conflict")
    elsewhere = client.post("/api/v1/conversations", json=body, headers=headers)
    assert elsewhere.status_code == 422
    without = client.post("/api/v1/answers", json=body)
    assert without.json()["id"] != first.json()["id"]


def test_a_created_thing_is_created_once(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "two"}
    made = [client.post("/api/v1/conversations", json={}, headers=headers) for _ in range(3)]
    assert {response.headers["location"] for response in made} == {made[0].headers["location"]}
    assert [response.status_code for response in made] == [201, 201, 201]


def test_a_stream_sent_twice_is_the_same_stream(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "three"}
    assert list(events(client, headers, stream=True)) == list(events(client, headers, stream=True))
    chat = {"model": "jmedqa", "messages": [{"role": "user", "content": QUESTION}], "stream": True}
    first, again = (
        client.post("/v1/chat/completions", json=chat, headers={"Idempotency-Key": "four"}) for _ in "12"
    )
    assert first.content == again.content
    assert again.content.endswith(b"data: [DONE]\n\n")


def test_a_refused_write_frees_its_key(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "five"}
    assert client.post("/api/v1/answers", json={"question": ""}, headers=headers).status_code == 422
    assert client.post("/api/v1/answers", json={"question": QUESTION}, headers=headers).status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 256, "a b"])
def test_a_key_that_is_none_is_refused(client: httpx.Client, key: str) -> None:
    refused = client.post("/api/v1/answers", json={"question": QUESTION}, headers={"Idempotency-Key": key})
    assert refused.status_code == 422


def test_earlier_turns_of_a_chat_are_the_context_of_its_question(client: httpx.Client) -> None:
    messages = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": "グルコン酸カルシウムを静注する。"},
        {"role": "user", "content": "その原因は？"},
    ]
    reply = client.post("/v1/chat/completions", json={"model": "jmedqa", "messages": messages}).json()
    assert reply["jmedqa"]["rewritten"] == "CKD患者の高カリウム血症の原因は？"
    assert "NSAIDs" in reply["choices"][0]["message"]["content"]
    kept = client.get(f"/api/v1/answers/{reply['jmedqa']['answer_id']}").json()
    assert kept["asked"] == "その原因は？"
    assert reply["id"] == f"chatcmpl-{kept['id']}"


@pytest.mark.parametrize("odd", ["\ud800", "\x00", "a\nb"])
@pytest.mark.parametrize(
    ("place", "field"),
    [
        ("/api/v1/conversations", "title"),
        ("/api/v1/index/rollback", "to"),
        ("/api/v1/answers", "question"),
        ("/v1/chat/completions", "model"),
    ],
)
def test_odd_characters_break_nothing(client: httpx.Client, place: str, field: str, odd: str) -> None:
    body = {"question": QUESTION, "filters": {"doc_ids": [odd]}} if field == "question" else {field: odd}
    headers = {"Content-Type": "application/json"}
    reply = client.post(place, content=json.dumps(body), headers=headers)
    assert reply.status_code < 500, reply.text
    reply.json()


def test_a_caller_sees_nobody_elses(start: Start, tmp_path: Path) -> None:
    from tests.service.security.conftest import add_key

    folder = tmp_path / "state"
    first, second = add_key(folder, "read", "ask"), add_key(folder, "read", "ask")
    client = start(state={"dir": folder})

    def by(key: str, **headers: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}", **headers}

    body = {"question": QUESTION}
    mine = client.post("/api/v1/answers", json=body, headers=by(first, **{"Idempotency-Key": "k"}))
    theirs = client.post("/api/v1/answers", json=body, headers=by(second, **{"Idempotency-Key": "k"}))
    assert mine.json()["id"] != theirs.json()["id"]
    address = f"/api/v1/answers/{mine.json()['id']}"
    assert client.get(address, headers=by(first)).status_code == 200
    conversation = client.post("/api/v1/conversations", json={}, headers=by(first)).json()["href"]
    for method, place in (
        ("GET", address),
        ("DELETE", address),
        ("GET", conversation),
        ("DELETE", conversation),
    ):
        assert client.request(method, place, headers=by(second)).status_code == 404
    assert client.post(f"{conversation}/answers", json=body, headers=by(second)).status_code == 404
    assert client.get("/api/v1/conversations", headers=by(second)).json()["items"] == []
