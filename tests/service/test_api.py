"""The REST interface on a real server, as a client sees it."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from service.api.asking import AnswerView

QUESTION = "CKD患者で高カリウム血症を認めたときの初期対応は？"


def ask(client: httpx.Client, question: str = QUESTION, **fields: Any) -> dict[str, Any]:
    response = client.post("/api/v1/answers", json={"question": question, **fields})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def said(answer: dict[str, Any]) -> dict[str, Any]:
    """What two answers to one question have in common: all but when they were given, and where they are."""
    return {name: value for name, value in answer.items() if name not in ("id", "created_at")}


def events(client: httpx.Client, headers: dict[str, str], **fields: Any) -> Iterator[tuple[str, Any]]:
    body = {"question": QUESTION, **fields}
    with client.stream("POST", "/api/v1/answers", json=body, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        for block in response.read().decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if lines:
                yield lines["event"], json.loads(lines["data"])


def test_the_answer_comes_in_steps_with_evidence_of_their_own(client: httpx.Client) -> None:
    answer = ask(client)
    assert len(answer["steps"]) >= 2
    queries = [step["query"] for step in answer["steps"]]
    assert len(set(queries)) == len(queries)
    assert all("高カリウム血症" in query for query in queries)
    assert all(step["evidence"] and step["conclusion"] for step in answer["steps"])
    assert "グルコン酸カルシウム" in answer["text"]
    assert {notice["code"] for notice in answer["notices"]} >= {"extractive", "unreviewed"}
    assert AnswerView.model_validate_json(json.dumps(answer)).provenance.generation


def test_every_citation_opens_its_passage(client: httpx.Client) -> None:
    answer = ask(client)
    assert answer["citations"]
    cited = {key for claim in answer["claims"] for key in claim["citations"]}
    assert cited <= {citation["key"] for citation in answer["citations"]}
    for citation in answer["citations"]:
        passage = client.get(citation["href"]).json()
        assert passage["passage_id"] == citation["passage_id"]
        assert passage["text"][citation["start"] : citation["end"]] == citation["quote"]


def test_a_passage_is_shown_with_where_it_comes_from(client: httpx.Client) -> None:
    passage = client.get(f"/api/v1/passages/{quote('hyperkalaemia~1', safe='')}").json()
    assert passage["title"] == "CKD患者の高カリウム血症"
    assert passage["headings"] == ["CKD患者の高カリウム血症", "緊急度の評価"]
    assert passage["edition"] == "2026-11"
    assert passage["notices"][0]["ja"] == "臨床的な査読を受けていない資料です"


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_search_gives_passages(client: httpx.Client, mode: str) -> None:
    found = client.get("/api/v1/search", params={"q": "メトホルミンの禁忌", "k": 2, "mode": mode}).json()
    assert (found["mode"], len(found["hits"]) <= 2) == (mode, True)
    assert found["hits"][0]["passage"]["passage_id"] == "metformin~1"
    assert client.get(found["hits"][0]["href"]).status_code == 200


def test_a_choice_is_one_of_the_labels_or_null(client: httpx.Client) -> None:
    choices = {"A": "テント状T波", "B": "デルタ波"}
    answer = ask(client, "高カリウム血症の心電図でみられるのはどれか。", choices=choices)
    assert answer["choice"] == "A"
    listed = [{"label": label, "text": text} for label, text in choices.items()]
    assert said(ask(client, "高カリウム血症の心電図でみられるのはどれか。", choices=listed)) == said(answer)
    unknown = ask(client, "宇宙船の推進剤はどれか。", choices={"A": "ヒドラジン", "B": "キセノン"})
    assert (unknown["choice"], unknown["abstained"]) == (None, True)
    assert unknown["reason"]["ja"]


def test_a_topic_the_index_does_not_know_is_not_answered(client: httpx.Client) -> None:
    answer = ask(client, "宇宙飛行士の骨密度低下の治療は？")
    assert (answer["abstained"], answer["reason"]["code"]) == (True, "insufficient_evidence")
    assert answer["citations"] == []


@pytest.mark.parametrize(
    ("headers", "fields"),
    [({"Accept": "text/event-stream"}, {}), ({}, {"stream": True})],
    ids=["Accept", "stream"],
)
def test_events_tell_the_same_answer(
    client: httpx.Client, headers: dict[str, str], fields: dict[str, Any]
) -> None:
    told = list(events(client, headers, **fields))
    names = [name for name, _ in told]
    assert names[0] == "plan"
    assert names.count("step") == len(told[0][1]["steps"]) >= 2
    assert names[-1] == "answer"
    answer = told[-1][1]
    assert "".join(data["text"] for name, data in told if name == "token") == answer["text"]
    assert [data for name, data in told if name == "step"] == answer["steps"]
    assert said(answer) == said(ask(client))


def test_the_three_strategies(client: httpx.Client) -> None:
    assert len(ask(client, strategy="single")["steps"]) == 1
    closed = ask(client, strategy="closed_book")
    assert (closed["steps"], closed["abstained"]) == ([], True)


def test_an_english_question_is_answered_in_english(client: httpx.Client) -> None:
    assert ask(client, "Treatment of lunar dust exposure?")["text"].startswith("The evidence given")


def test_health_readiness_and_metrics(client: httpx.Client) -> None:
    ask(client)
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert (ready["ready"], ready["degraded"], ready["generator"]) == (True, False, "extractive")
    metrics = client.get("/metrics").text
    assert 'jmedqa_answers_total{outcome="answered",strategy="stepwise"}' in metrics
    for name in ("requests_total", "steps_total", "retrieval_seconds_count", "generation_seconds_count"):
        assert f"jmedqa_{name}" in metrics
    assert 'route="/api/v1/answers"' in metrics
    assert f'generation="{ready["generation"]}"' in metrics
    assert "高カリウム" not in metrics


def test_the_api_page_needs_no_other_host(client: httpx.Client) -> None:
    assert client.get("/", follow_redirects=True).url.path == "/docs"
    page = client.get("/docs").text
    assert "http://" not in page
    assert "https://" not in page
    assert "//" not in page.replace("</", "").split("<body>")[0].replace("<!DOCTYPE", "")
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f"/docs/assets/{asset}" in page
        assert client.get(f"/docs/assets/{asset}").status_code == 200
    assert "/api/v1/answers" in client.get("/openapi.json").json()["paths"]


def test_a_request_id_is_given_or_kept(client: httpx.Client) -> None:
    assert len(client.get("/healthz").headers["x-request-id"]) == 32
    kept = client.get("/nowhere", headers={"X-Request-ID": "my-trace-0001"})
    assert kept.headers["x-request-id"] == kept.json()["request_id"] == "my-trace-0001"
    forged = client.get("/healthz", headers={"X-Request-ID": "no spaces here"})
    assert len(forged.headers["x-request-id"]) == 32
