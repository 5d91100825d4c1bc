"""Three minutes of everything at once, after as many that fill its caches: the service does not grow."""

from pathlib import Path

import pytest

from benchmarks.perf.soak import run
from tests.service.conftest import build


@pytest.mark.scale
@pytest.mark.timeout(900)
def test_three_minutes_leave_no_memory_behind(tmp_path: Path) -> None:
    report = run(build(tmp_path), minutes=6)
    assert report["replies"].keys() == {"200", "422"}, report
    assert report["slope_mb_per_min"] < 1, report
