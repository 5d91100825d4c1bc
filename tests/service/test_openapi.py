"""The description of the interface says what the server does, and the copy in docs/ is that description."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from service.cli_api import app as commands
from service.security.policy import needed
from tests.service.test_api import QUESTION

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_copy_in_docs_is_the_servers_own(document: dict[str, Any]) -> None:
    kept = json.loads((REPOSITORY / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert kept == document, "run `jmedqa openapi --out docs/openapi.json`"
    assert json.loads(CliRunner().invoke(commands, ["openapi"]).stdout) == kept


def test_every_operation_tells_how_it_can_fail(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        told = set(operation["responses"])
        assert {"421", "500"} <= told, (method, path)
        if needed(method.upper(), path):
            assert {"401", "403", "429", "503"} <= told, (method, path)
            assert operation["security"] == [{"key": []}]
        if "requestBody" in operation:
            assert {"400", "408", "409", "413", "415", "422"} <= told, (method, path)
        if "{" in path and path != "/api/v1/index/generations/diff":
            assert "404" in told, (method, path)


def test_every_error_has_the_shape_it_is_sent_in(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) < 400 or path == "/readyz":
                continue
            (media, content), *more = response["content"].items()
            shape = content["schema"]["$ref"].rpartition("/")[2]
            expected = ("application/json", "CompatibleError")
            if not path.startswith("/v1/"):
                expected = ("application/problem+json", "Problem")
            assert ((media, shape), more) == (expected, []), (method, path, status)


SENT = [
    ("POST", "/api/v1/answers", {"question": QUESTION}),
    ("POST", "/api/v1/answers", {"question": ""}),
    ("POST", "/api/v1/answers", {"question": "長" * 20_001}),
    ("GET", "/api/v1/answers/{answer_id}", None),
    ("GET", "/api/v1/answers/{answer_id}/events", None),
    ("DELETE", "/api/v1/answers/{answer_id}", None),
    ("POST", "/api/v1/answers/{answer_id}/feedback", {"verdict": "helpful"}),
    ("POST", "/api/v1/cases", {}),
    ("POST", "/api/v1/conversations", {}),
    ("GET", "/api/v1/conversations", None),
    ("GET", "/api/v1/conversations/{conversation_id}", None),
    ("DELETE", "/api/v1/conversations/{conversation_id}", None),
    ("POST", "/api/v1/conversations/{conversation_id}/answers", {"question": QUESTION}),
    ("GET", "/api/v1/search?q=浮腫", None),
    ("GET", "/api/v1/search", None),
    ("GET", "/api/v1/passages/{passage_id}", None),
    ("GET", "/api/v1/documents", None),
    ("GET", "/api/v1/documents?cursor=x", None),
    ("GET", "/api/v1/documents/{doc_id}", None),
    ("GET", "/api/v1/index/generations", None),
    ("GET", "/api/v1/index/generations/diff", None),
    ("POST", "/api/v1/index/rollback", {"to": "none"}),
    ("POST", "/api/v1/index/rebuilds", {}),
    ("POST", "/api/v1/index/verifications", {"x": 1}),
    ("GET", "/api/v1/jobs", None),
    ("GET", "/api/v1/jobs/{job_id}", None),
    ("DELETE", "/api/v1/jobs/{job_id}", None),
    ("GET", "/v1/models", None),
    ("GET", "/v1/models/{model}", None),
    ("POST", "/v1/chat/completions", {"model": "none", "messages": []}),
    ("GET", "/healthz", None),
    ("GET", "/readyz", None),
]


@pytest.mark.parametrize(("method", "place", "body"), SENT, ids=lambda value: str(value)[:40])
def test_what_is_sent_is_what_is_told(
    client: httpx.Client, document: dict[str, Any], method: str, place: str, body: Any
) -> None:
    reply = client.request(method, place.replace("{", "").replace("}", ""), json=body)
    told = document["paths"][place.partition("?")[0]][method.lower()]["responses"]
    assert str(reply.status_code) in told, reply.text
    media = reply.headers["content-type"].partition(";")[0]
    assert media in told[str(reply.status_code)]["content"]


def test_no_route_was_left_out_here(document: dict[str, Any]) -> None:
    sent = {(method, place.partition("?")[0]) for method, place, _ in SENT}
    told = {(method.upper(), path) for method, path, _ in operations(document) if "/v1/" in path}
    assert told <= sent
