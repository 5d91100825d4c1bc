"""A store on a real file, with a clock that a test moves."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.state import StateSettings, Store


class MovedClock:
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 24, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def store(tmp_path: Path, clock: MovedClock) -> Iterator[Store]:
    opened = Store(StateSettings(dir=tmp_path / "state"), clock)
    opened.open()
    yield opened
    opened.close()
