"""A real vLLM server on this machine's CPU, started, watched and ended by the tests."""

import os
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

SERVED_NAME = "smollm2"
READY_WITHIN_S = 270.0
"""Three processes import torch one after another: 45 s on two idle cores, 90 s on two busy ones."""

FLAGS = (
    *("--dtype", "float32"),  # AVX2 has no fast half-precision path
    "--enforce-eager",  # no compiler: it would take longer than the tests
    *("--max-num-seqs", "8"),
    *("--max-model-len", "8192"),  # SmolLM2's own limit
    "--enable-prefix-caching",
    "--enable-prompt-tokens-details",  # usage.prompt_tokens_details.cached_tokens
)
ENVIRONMENT = {
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
}


class ServerFailed(Exception):
    """The server ended or never became ready; the message carries the end of its log."""


def free_port() -> int:
    """A port nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cores() -> str:
    """The cores this process may use, as vLLM's binding wants them: ``0-1``."""
    allowed = sorted(os.sched_getaffinity(0))
    return ",".join(str(core) for core in allowed[:8])


@dataclass
class VllmServer:
    """One running server.

    ``url`` is the root (``/metrics``, ``/health``), ``base_url`` what an OpenAI client is given.
    """

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    @classmethod
    def start(cls, venv: Path, model: Path, log: Path) -> "VllmServer":
        """Start a server on a free port and wait until it answers.

        Raises:
            ServerFailed: If it ends first or needs longer than ``READY_WITHIN_S``. Nothing is left running.
        """
        port = free_port()
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [venv / "bin" / "vllm", "serve", model, "--served-model-name", SERVED_NAME]
        command += ["--host", "127.0.0.1", "--port", str(port), *FLAGS]
        environment = os.environ | ENVIRONMENT | {"VLLM_CPU_OMP_THREADS_BIND": cores()}
        environment.pop("OMP_NUM_THREADS", None)  # the tests' own setting would halve the server
        environment["PATH"] = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,  # its engine and worker processes end with it
            )
        server = cls(process, f"http://127.0.0.1:{port}", log)
        try:
            server.wait_until_ready()
        except BaseException:
            server.kill()
            raise
        return server

    def wait_until_ready(self) -> None:
        """Poll ``/health``; a server that has ended is noticed at once."""
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerFailed(f"vLLM ended with status {self.process.returncode}:\n{self.log_end()}")
            try:
                if httpx.get(f"{self.url}/health", timeout=5).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.5)
        raise ServerFailed(f"vLLM was not ready within {READY_WITHIN_S:.0f} s:\n{self.log_end()}")

    def log_end(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def counter(self, name: str) -> float:
        """The sum of a Prometheus counter over its labels, such as ``vllm:prefix_cache_hits_total``."""
        text = httpx.get(f"{self.url}/metrics", timeout=30).text
        values = re.findall(rf"^{re.escape(name)}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
        if not values:
            raise KeyError(f"/metrics has no {name}")
        return sum(float(value) for value in values)

    def engine_pid(self) -> int:
        """The process that computes; the one that was started only speaks HTTP."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                title = (entry / "cmdline").read_bytes()
                ours = os.getpgid(int(entry.name)) == self.process.pid
            except (OSError, ProcessLookupError):
                continue
            if ours and title.startswith(b"VLLM::EngineCore"):
                return int(entry.name)
        raise ServerFailed(f"no engine process:\n{self.log_end()}")

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to the server and every process it started."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    def kill(self) -> None:
        """End everything at once, as a crash or the out-of-memory killer would."""
        self.signal_all(signal.SIGKILL)
        self.process.wait(timeout=30)

    def stop(self) -> None:
        """Ask it to end; whatever is left after ten seconds is killed."""
        self.signal_all(signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()
