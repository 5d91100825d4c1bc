"""Clients that send or read slowly: their connections end, and nobody else notices."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from tests.service.conftest import Start
from tests.service.faulty_server import FaultyServer
from tests.service.model_server import MODEL
from tests.service.overload.conftest import BODY, comes
from tests.service.overload.test_overload import gauge

QUICK = {"head_timeout_s": 1.0, "send_timeout_s": 1.0}
HEAD = b"POST /api/v1/answers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"

BEGINNINGS = {
    "nothing": b"",
    "one byte": b"P",
    "half a head": HEAD,
    "half a body": HEAD + b"Content-Length: 1000\r\n\r\n{",
    "half a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n400\r\n{",
    "a second request that stops": b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /heal",
    "a body that nobody reads": b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nx",
}


@contextmanager
def connection(
    client: httpx.Client, sent: bytes = b"", receive_bytes: int | None = None
) -> Iterator[socket.socket]:
    parts = urlsplit(str(client.base_url))
    with socket.socket() as raw:
        if receive_bytes is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        raw.settimeout(30)
        raw.connect((str(parts.hostname), parts.port or 0))
        raw.sendall(sent)
        yield raw


def ended(raw: socket.socket) -> bytes:
    """What the server said before it closed the connection; fails where it never does."""
    said = b""
    try:
        while part := raw.recv(65_536):
            said += part
    except ConnectionError:
        pass
    return said


def ended_by_us(client: httpx.Client, reason: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    wanted = f'jmedqa_connections_ended{{reason="{reason}"}}'
    return next(float(line.split()[-1]) for line in lines if line.startswith(wanted))


@pytest.fixture(scope="module")
def quick(start: Start) -> httpx.Client:
    return start(connections=QUICK, server={"body_timeout_s": 0.5})


@pytest.mark.parametrize("sent", BEGINNINGS.values(), ids=BEGINNINGS)
def test_a_request_that_never_ends_is_ended(quick: httpx.Client, sent: bytes) -> None:
    with connection(quick, sent) as raw:
        ended(raw)


@pytest.mark.parametrize("sent", [b"", HEAD], ids=["head", "header lines"])
def test_a_byte_now_and_then_holds_no_connection(quick: httpx.Client, sent: bytes) -> None:
    """Slowloris: each byte comes well within the time-out, the request never."""
    with connection(quick, sent) as raw, pytest.raises(ConnectionError):  # noqa: PT012
        for byte in b"X-a: b\r\n" * 1_000:
            raw.sendall(bytes([byte]))
            time.sleep(0.05)


def test_the_endpoint_says_which_body_was_too_slow(quick: httpx.Client) -> None:
    with connection(quick, BEGINNINGS["half a body"]) as raw:
        assert b" 408 " in ended(raw).splitlines()[0]


def test_200_slow_clients_beside_normal_ones(start: Start) -> None:
    client = start(connections=QUICK)
    with ExitStack() as stack:
        slow = [stack.enter_context(connection(client, HEAD)) for _ in range(200)]
        statuses = [
            client.get("/api/v1/search", params={"q": "高カリウム血症"}).status_code for _ in range(50)
        ]
        assert statuses == [200] * 50
        for raw in slow:
            ended(raw)
        assert ended_by_us(client, "slow_request") >= 200
        assert client.post("/api/v1/answers", json=BODY).status_code == 200


def test_a_reader_that_stops_frees_its_place_and_the_model(
    start: Start, holding: tuple[FaultyServer, str]
) -> None:
    model, address = holding
    model.mode = "flood"
    client = start(
        generator={"base_url": address, "model": MODEL},
        connections=QUICK,
        limits={"answer_tokens": 65_536},
    )
    body = json.dumps({**BODY, "stream": True}).encode()
    request = HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    with connection(client, request, receive_bytes=4_096) as raw:
        assert raw.recv(10)
        assert comes(lambda: model.given_up == 1)
        assert comes(lambda: gauge(client, "jmedqa_answers_in_progress") == 0)
        assert ended_by_us(client, "slow_reader") == 1


def test_one_connection_too_many_is_told_to_come_back(start: Start) -> None:
    client = start(connections={"most": 5})
    client.get("/healthz")  # its connection is the first
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(connection(client))
        assert comes(lambda: client.get("/healthz").status_code == 200)
        said = ended(stack.enter_context(connection(client)))
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 5\r\n" in said
        assert client.get("/healthz").status_code == 200
