"""One real vLLM server for all tests of the ``vllm`` mark."""

from collections.abc import Iterator

import pytest

from tests.requirements import missing
from tests.vllm import setup_env
from tests.vllm.vllm_server import ServerFailed, VllmServer


@pytest.fixture(scope="session")
def vllm_server() -> Iterator[VllmServer]:
    """The server of this run. Its log is artifacts/vllm/server.log, kept after the run."""
    if not setup_env.is_ready():
        missing("vllm", "the environment is not made or out of date: run `make vllm-setup`")
    log = setup_env.REPOSITORY / "artifacts" / "vllm" / "server.log"
    try:
        server = VllmServer.start(setup_env.VENV, setup_env.MODEL, log)
    except ServerFailed as failure:
        missing("vllm", str(failure))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def doomed_vllm_server(vllm_server: VllmServer) -> VllmServer:
    """The same server, for a test that kills it. Such tests run last (see below)."""
    return vllm_server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the tests that end the server behind all others: a second server would cost another minute."""
    items.sort(key=lambda item: "doomed_vllm_server" in getattr(item, "fixturenames", ()))
