"""A small index, a model server that answers by rule, and runs in processes of their own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.benchmarks.runs.sample_run import reply
from tests.service.conftest import build
from tests.service.model_server import ModelServer
from tests.service.running import served


@pytest.fixture(scope="session")
def run_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("run-index"))


@pytest.fixture
def model() -> ModelServer:
    return ModelServer(reply=reply, context=8_192)


@pytest.fixture
def address(model: ModelServer) -> Iterator[str]:
    with served(model.app()) as url:
        yield url


@dataclass
class RunProcesses:
    """Starts runs in forked processes."""

    process: subprocess.Popen[str]

    def start(self, arguments: list[str], said: Path) -> int:
        """The process id of a run that has begun."""
        return int(self._ask({"start": arguments, "said": str(said)}))

    def wait(self, pid: int) -> int:
        """The exit code, negative for a signal."""
        return int(self._ask({"wait": pid}))

    def _ask(self, order: dict[str, object]) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


@pytest.fixture(scope="module")
def processes() -> Iterator[RunProcesses]:
    command = [sys.executable, "-m", "tests.benchmarks.runs.run_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield RunProcesses(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="package", autouse=True)
def own_data() -> Iterator[None]:
    """These runs name small folders of their own; the variable of the real test data would win over them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("JMEDQA_DATA", raising=False)
        yield
