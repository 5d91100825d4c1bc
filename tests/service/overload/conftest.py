"""A model server that holds its replies until it is told, and a service with one place in front of it."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.service.conftest import start
from tests.service.faulty_server import FaultyServer, running

__all__ = ["start"]

BODY = {"question": "CKD患者で高カリウム血症を認めたときの緊急度は？", "strategy": "single"}


def comes(true: Callable[[], bool], patience_s: float = 30.0) -> bool:
    """Whether it becomes true; how soon is nobody's promise here."""
    until = time.monotonic() + patience_s
    while not true() and time.monotonic() < until:
        time.sleep(0.02)
    return true()


@pytest.fixture
def holding() -> Iterator[tuple[FaultyServer, str]]:
    server = FaultyServer(mode="held")
    with running(server) as address:
        yield server, address
        server.released.set()
