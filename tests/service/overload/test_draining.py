"""SIGTERM: the server says that it goes, finishes what it began, and drops nothing."""

import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.service.faulty_server import FaultyServer, running
from tests.service.model_server import MODEL
from tests.service.overload.conftest import BODY, comes
from tests.service.overload.load import Load
from tests.service.overload.processes import ServiceProcess, listening
from tests.service.test_api_bad_input import checked

SIGTERM_ENDS = {0, -signal.SIGTERM}


def address_of(held: object) -> str:
    return f"http://127.0.0.1:{held.getsockname()[1]}"  # type: ignore[attr-defined]


def goes_on(load: Load, since: int) -> bool:
    return load.seen >= since + 10


def restarts(index: Path, folder: Path, number: int, clients: int) -> Counter[str]:
    """What clients saw while the server was stopped and started so often."""
    with listening() as held:
        server = ServiceProcess(held, index, folder / "state")
        with Load(address_of(held), clients, BODY) as load:
            for done in range(1, number + 1):
                assert comes(partial(goes_on, load, load.seen), 120)
                server.stop()
                assert server.ended() in SIGTERM_ENDS, done
                server = ServiceProcess(held, index, folder / "state")
            assert comes(partial(goes_on, load, load.seen), 120)
        server.stop()
        server.ended()
    return load.outcomes


def test_restarts_drop_no_request(index_dir: Path, tmp_path: Path) -> None:
    outcomes = restarts(index_dir, tmp_path, number=2, clients=3)
    assert outcomes.keys() == {"200"}, outcomes


@pytest.mark.crash
@pytest.mark.timeout(1800)
def test_50_restarts_drop_no_request(index_dir: Path, tmp_path: Path) -> None:
    outcomes = restarts(index_dir, tmp_path, number=50, clients=8)
    assert outcomes.keys() == {"200"}, outcomes


@contextmanager
def holding_service(
    index: Path, folder: Path, **settings: str
) -> Iterator[tuple[FaultyServer, ServiceProcess, str]]:
    model = FaultyServer(mode="held")
    with running(model) as address, listening() as held:
        generator = {"JMEDQA_GENERATOR__BASE_URL": address, "JMEDQA_GENERATOR__MODEL": MODEL}
        server = ServiceProcess(held, index, folder / "state", **generator, **settings)
        try:
            yield model, server, address_of(held)
        finally:
            model.released.set()
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()


def test_a_running_answer_is_finished_and_readiness_is_gone_at_once(index_dir: Path, tmp_path: Path) -> None:
    with (
        holding_service(index_dir, tmp_path, JMEDQA_CONNECTIONS__DRAIN_GRACE_S="20") as (
            model,
            server,
            address,
        ),
        ThreadPoolExecutor() as pool,
        httpx.Client(base_url=address, timeout=60, trust_env=False) as client,
    ):
        answer = pool.submit(client.post, "/api/v1/answers", json=BODY)
        assert comes(lambda: model.answering == 1)
        assert client.get("/readyz").status_code == 200
        server.stop()
        assert comes(lambda: client.get("/readyz").status_code == 503)
        ready = client.get("/readyz")
        assert (ready.json()["ready"], ready.json()["draining"]) == (False, True)
        assert ready.headers["connection"] == "close"
        assert client.get("/healthz").status_code == 200, "still served while the balancer looks elsewhere"
        server.stop()  # a second SIGTERM ends the grace
        model.released.set()
        assert answer.result().status_code == 200
        assert server.ended() in SIGTERM_ENDS


def test_an_answer_without_end_does_not_keep_the_server(index_dir: Path, tmp_path: Path) -> None:
    """The reader sees a broken stream, never a whole-looking half."""
    settings = {"JMEDQA_CONNECTIONS__DRAIN_TIMEOUT_S": "1"}
    with holding_service(index_dir, tmp_path, **settings) as (model, server, address):
        model.mode = "stalled"
        with (
            httpx.Client(base_url=address, timeout=60, trust_env=False) as client,
            ThreadPoolExecutor() as pool,
        ):
            streamed = pool.submit(client.post, "/api/v1/answers", json={**BODY, "stream": True})
            whole = pool.submit(client.post, "/api/v1/answers", json=BODY)
            assert comes(lambda: model.answering == 2)
            server.stop()
            assert server.ended() in SIGTERM_ENDS
            with pytest.raises(httpx.HTTPError):
                streamed.result()
            assert checked(whole.result(), 503)["type"] == "urn:jmedqa:problem:shutting-down"
        assert comes(lambda: model.given_up == 2)
