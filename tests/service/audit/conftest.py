"""An audit log on real files, with a clock that a test moves."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.audit.log import AuditLog
from service.audit.settings import AuditSettings
from service.state import StateSettings
from tests.service.state.conftest import MovedClock


def audit_log(folder: Path, clock: MovedClock, **settings: object) -> AuditLog:
    log = AuditLog(AuditSettings.model_validate(settings), StateSettings(dir=folder), clock)
    log.open()
    return log


def fill(log: AuditLog, clock: MovedClock, count: int) -> None:
    """Entries ten minutes apart, as requests leave them."""
    for number in range(count):
        entry = {
            "at": log.stamp(),
            "who": f"key{number % 3}",
            "route": "/api/v1/answers",
            "asked": [log.keys.question(f"質問{number}")],
            "status": 200,
        }
        asyncio.run(log.append([entry]))
        clock.move(minutes=10)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def log(tmp_path: Path, clock: MovedClock) -> Iterator[AuditLog]:
    opened = audit_log(tmp_path / "state", clock)
    yield opened
    opened.close()


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"
