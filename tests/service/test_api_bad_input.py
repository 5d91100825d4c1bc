"""Bad input: every case is the documented problem, never a 500 and never the words of a library."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.service.conftest import Start

GOOD = {"question": "ネフローゼ症候群の原因は？"}


def checked(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem, whole and without leaks."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:jmedqa:problem:")
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["ja"]
    assert problem["en"]
    for leak in ("Traceback", "pydantic", "site-packages", ".py", "Errno"):
        assert leak not in response.text
    return problem


BODIES: list[tuple[str, bytes, int]] = [
    ("nothing", b"", 422),
    ("not JSON", b"{", 400),
    ("not UTF-8", b'{"question": "\xff"}', 400),
    ("a list", b"[]", 422),
    ("a string", b'"q"', 422),
    ("null", b"null", 422),
    ("empty question", b'{"question": ""}', 422),
    ("blank question", '{"question": " \u3000\\n"}'.encode(), 422),
    ("control characters only", b'{"question": "\\u0000\\u0007"}', 422),
    ("lone surrogate", b'{"question": "\\ud800"}', 422),
    ("lone surrogate as a name", b'{"question": "q", "\\udfff": 1}', 422),
    ("lone surrogate in a choice", b'{"question": "q", "choices": {"A": "\\udc00", "B": "b"}}', 422),
    ("lone surrogate as a label", b'{"question": "q", "choices": {"\\udc00": "a", "B": "b"}}', 422),
    ("100k characters", json.dumps({"question": "あ" * 100_000}).encode(), 413),
    ("a body over the limit", json.dumps({"question": "あ" * 400_000}).encode(), 413),
    ("question is a number", b'{"question": 1}', 422),
    ("question is a list", b'{"question": ["q"]}', 422),
    ("question is null", b'{"question": null}', 422),
    ("unknown field", b'{"question": "q", "qestion": "q"}', 422),
    ("repeated field", b'{"question": "q", "question": "r"}', 400),
    ("k is infinite", b'{"question": "q", "k": 1e999}', 400),
    ("k is NaN", b'{"question": "q", "k": NaN}', 400),
    ("k is Infinity", b'{"question": "q", "k": -Infinity}', 400),
    ("k is text", b'{"question": "q", "k": "5"}', 422),
    ("k is a fraction", b'{"question": "q", "k": 1.5}', 422),
    ("k is true", b'{"question": "q", "k": true}', 422),
    ("k is 0", b'{"question": "q", "k": 0}', 422),
    ("k is huge", b'{"question": "q", "k": ' + b"9" * 400 + b"}", 422),
    ("k has more digits than Python reads", b'{"question": "q", "k": ' + b"9" * 5000 + b"}", 400),
    ("stream is text", b'{"question": "q", "stream": "yes"}', 422),
    ("unknown strategy", b'{"question": "q", "strategy": "guess"}', 422),
    ("one choice", b'{"question": "q", "choices": {"A": "a"}}', 422),
    ("two choices of one label", b'{"question": "q", "choices": {"A": "a", "A": "b"}}', 400),
    (
        "two choices of one label, listed",
        b'{"question":"q","choices":[{"label":"A","text":"a"},{"label":"A","text":"b"}]}',
        422,
    ),
    ("an empty choice", b'{"question": "q", "choices": {"A": "", "B": "b"}}', 422),
    ("27 choices", json.dumps({"question": "q", "choices": {f"L{n}": "t" for n in range(27)}}).encode(), 422),
    ("nested deep", b'{"question": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400),
]


@pytest.mark.parametrize(("body", "status"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES])
def test_a_bad_body_is_a_problem(client: httpx.Client, body: bytes, status: int) -> None:
    response = client.post("/api/v1/answers", content=body, headers={"Content-Type": "application/json"})
    checked(response, status)


def test_control_characters_in_a_question_are_cleaned_away(client: httpx.Client) -> None:
    clean = client.post("/api/v1/answers", json=GOOD).json()
    dirty = client.post(
        "/api/v1/answers", json={"question": "ネフローゼ\u0000症候群\u0007の原因は？\r\n"}
    ).json()
    assert dirty["text"] == clean["text"]


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_type_is_refused(client: httpx.Client, media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    checked(client.post("/api/v1/answers", content=json.dumps(GOOD), headers=headers), 415)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/search", 422),
        ("/api/v1/search?q=", 422),
        ("/api/v1/search?q=%20", 422),
        ("/api/v1/search?q=%00", 422),
        ("/api/v1/search?q=a&k=0", 422),
        ("/api/v1/search?q=a&k=1e999", 422),
        ("/api/v1/search?q=a&k=101", 422),
        ("/api/v1/search?q=a&k=NaN", 422),
        ("/api/v1/search?q=a&mode=magic", 422),
        (f"/api/v1/search?q={'a' * 3000}", 413),
        ("/api/v1/passages/unknown", 404),
        ("/api/v1/passages/hyperkalaemia%2399", 404),
        ("/api/v1/passages/%00", 404),
        ("/api/v1/passages/%ED%A0%80", 404),
        ("/api/v1/passages/..%2F..%2Fetc%2Fpasswd", 404),
        ("/api/v1/passages/", 404),
        ("/nowhere", 404),
        ("/api/v1/answers", 405),
    ],
)
def test_a_bad_address_is_a_problem(client: httpx.Client, path: str, status: int) -> None:
    checked(client.get(path), status)


def test_ill_formed_bytes_in_a_query_are_no_bug(client: httpx.Client) -> None:
    assert client.get("/api/v1/search?q=%ff%fe").status_code == 200


def test_a_missing_index_is_a_problem_with_the_cure(start: Start, tmp_path_factory: Any) -> None:
    client = start(index={"dir": tmp_path_factory.mktemp("none") / "index"})
    response = client.post("/api/v1/answers", json=GOOD)
    assert "jmedqa index build" in checked(response, 503)["en"]
    assert response.headers["retry-after"]
    checked(client.get("/api/v1/search?q=a"), 503)
    checked(client.get("/api/v1/passages/a"), 503)
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)


def test_a_body_that_never_arrives_does_not_hold_the_connection(start: Start) -> None:
    client = start(server={"body_timeout_s": 0.3})
    address = urlsplit(str(client.base_url))
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(
            b"POST /api/v1/answers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        reply = b""
        while chunk := connection.recv(65536):
            reply += chunk
    assert reply.startswith(b"HTTP/1.1 408")
