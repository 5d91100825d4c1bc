"""Every example of docs/api.md, run as it stands against a running server."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.service.conftest import Start
from tests.service.test_jobs_api import settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
EXAMPLES = re.findall(r"^```(sh|python)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def running(start: Start, tmp_path_factory: pytest.TempPathFactory) -> httpx.Client:
    return start(**settings(tmp_path_factory.mktemp("examples")))


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are for curl, which is not here")
@pytest.mark.parametrize(
    ("language", "example"), EXAMPLES, ids=[f"{number}-{one[0]}" for number, one in enumerate(EXAMPLES, 1)]
)
def test_the_example_works(running: httpx.Client, language: str, example: str, tmp_path: Path) -> None:
    address = str(running.base_url).rstrip("/")
    environment = {
        **os.environ,
        "JMEDQA": address,
        "NO_PROXY": "127.0.0.1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    example = example.replace("/tmp/", f"{tmp_path}/")
    command = ["bash", "-euo", "pipefail", "-c", example]
    if language == "python":
        command = [sys.executable, "-c", example]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{example}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    assert "error" not in [line.removeprefix("event: ") for line in done.stdout.splitlines()]
    assert done.stdout or "test " in example


def test_there_are_examples_of_every_door() -> None:
    text = "".join(example for _, example in EXAMPLES)
    for door in (
        "/api/v1/answers",
        "/api/v1/conversations",
        "/api/v1/search",
        "/api/v1/index",
        "/v1",
        "/mcp",
    ):
        assert door in text
