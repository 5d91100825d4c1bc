"""Child processes that outlive their server: started without a shell, known by process id and start time.

A process id alone may belong to another process by the time a server starts again; with the start time of
proc(5), in clock ticks since the machine booted, and the boot's own id it does not.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from corpora import Frozen

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Child(Frozen):
    """A process, for good: no other is ever equal to it.

    Attributes:
        started: Clock ticks since boot; field 22 of ``/proc/PID/stat``.
        boot: The kernel's id of this boot.
    """

    process_id: int
    started: int
    boot: str

    @property
    def alive(self) -> bool:
        """Whether it runs still; one that ended and was not waited for does not."""
        found = _stat(self.process_id)
        return found is not None and found == ("running", self.started) and _boot() == self.boot

    def stop(self, grace_s: float = 5.0) -> None:
        """End it and what it started: asked first, made to after ``grace_s`` seconds; blocks."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        while self.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.alive:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process_id, number)


def start(
    arguments: Sequence[str], output: Path, errors: Path, *, nice: int
) -> tuple[Child, "subprocess.Popen[bytes]"]:
    """Start ``jmedqa`` with these arguments, in a session of its own and with one thread.

    Args:
        output, errors: Files that are made, for its owner alone, and take what it prints.

    Raises:
        OSError: If it cannot be started.
    """
    command = [sys.executable, "-m", "jmedqa", *arguments]
    with _private(output) as out, _private(errors) as err:
        process = subprocess.Popen(  # noqa: S603  (a list of ours; no shell)
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            close_fds=True,
            env={**os.environ, **ONE_THREAD},
        )
    with suppress(OSError):  # it may have ended already
        os.setpriority(os.PRIO_PROCESS, process.pid, nice)
    found = _stat(process.pid)
    return Child(process_id=process.pid, started=found[1] if found else 0, boot=_boot()), process


def write_child(path: Path, child: Child) -> None:
    """Keep who it is, so that a server that starts later knows it."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(child.model_dump_json(), encoding="utf-8")
    temporary.replace(path)


def read_child(path: Path) -> Child | None:
    """Who it was; ``None`` where it never started."""
    try:
        return Child.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _stat(process_id: int) -> tuple[str, int] | None:
    try:
        text = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    return ("ended" if fields[0] in "ZX" else "running", int(fields[19]))


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab")
