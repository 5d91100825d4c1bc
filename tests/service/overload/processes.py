"""`jmedqa serve` as processes that share one listening socket, as systemd passes it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


@contextmanager
def listening() -> Iterator[socket.socket]:
    """The socket that stays while servers come and go."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        held.listen(1024)
        yield held


class ServiceProcess:
    """One server on a socket that someone else holds; SIGTERM ends it."""

    def __init__(self, held: socket.socket, index: Path, state: Path, **settings: str) -> None:
        descriptor = held.fileno()
        # As sd_listen_fds(3) has it: the socket is descriptor 3, and LISTEN_PID is the server itself.
        script = (
            f"import os, sys; os.dup2({descriptor}, 3); os.set_inheritable(3, True)\n"
            "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n"
            "os.execv(sys.executable, [sys.executable, '-m', 'jmedqa', 'serve'])"
        )
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed in `ended`; a pipe would fill up)
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "JMEDQA_INDEX__DIR": str(index),
                "JMEDQA_STATE__DIR": str(state),
                "JMEDQA_CONNECTIONS__DRAIN_GRACE_S": "0.2",
                **settings,
            },
            pass_fds=(descriptor,),
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )

    def stop(self) -> None:
        """As `systemctl stop` does it."""
        self.process.send_signal(signal.SIGTERM)

    def ended(self, timeout_s: float = 60) -> int:
        """Its exit code, with a patience."""
        code = self.process.wait(timeout=timeout_s)
        self._log.seek(0)
        said = self._log.read().decode()
        self._log.close()
        assert "Traceback" not in said, said
        return code
