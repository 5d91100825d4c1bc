"""Servers as processes of their own, and the processor time each of them has used."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.perf.stub_model import MODEL


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_s(process_id: int) -> float:
    """Processor seconds of a process, all its threads, to the nanosecond (clock_getcpuclockid(3))."""
    return time.clock_gettime_ns((~process_id << 3) | 2) / 1e9


@contextmanager
def process(*arguments: str, port: int, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """``python -m …``, once it accepts connections."""
    started = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if started.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{arguments} did not start") from None
                time.sleep(0.05)
        yield started
    finally:
        started.terminate()
        started.wait(timeout=90)


class Servers:
    """A stub model and services in front of it, until the block ends."""

    def __init__(self, stack: ExitStack, index: Path, folder: Path) -> None:
        self._stack = stack
        self._index = index
        self._folder = folder
        self.model_port = free_port()
        stack.enter_context(
            process("benchmarks.perf.stub_model", "--port", str(self.model_port), port=self.model_port)
        )

    def service(self, **settings: str) -> tuple[int, int]:
        """A service with these settings (``SECTION__FIELD``); its port and process id."""
        port = free_port()
        values = {
            "SERVER__PORT": str(port),
            "SERVER__LOG_LEVEL": "info",
            "INDEX__DIR": str(self._index),
            "STATE__DIR": str(self._folder / f"state-{port}"),
            "GENERATOR__BASE_URL": f"http://127.0.0.1:{self.model_port}/v1",
            "GENERATOR__MODEL": MODEL,
            "CONNECTIONS__DRAIN_GRACE_S": "0",
            **settings,
        }
        environment = {f"JMEDQA_{name}": value for name, value in values.items()}
        started = self._stack.enter_context(process("jmedqa", "serve", port=port, **environment))
        return port, started.pid

    def echo(self, reply: Path) -> tuple[int, int]:
        """The bare endpoint; its port and process id."""
        port = free_port()
        arguments = ("benchmarks.perf.echo", "--port", str(port), "--reply", str(reply))
        return port, self._stack.enter_context(process(*arguments, port=port)).pid
