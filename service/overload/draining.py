"""The end of a server: it says so, takes no more, finishes what it began, and only then goes."""

import os
import signal
import socket
from dataclasses import dataclass
from time import monotonic
from types import FrameType

import uvicorn

_FIRST_FD = 3
"""Where systemd puts the first socket it passes (sd_listen_fds(3))."""


@dataclass
class Drain:
    """Whether this server is about to end: `/readyz` says no, and connections are not kept."""

    active: bool = False


class DrainingServer(uvicorn.Server):
    """Goes on taking connections for a while after SIGTERM, so that a balancer can look elsewhere first."""

    def __init__(self, config: uvicorn.Config, drain: Drain, grace_s: float) -> None:
        super().__init__(config)
        self._drain = drain
        self._grace_s = grace_s
        self._until: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM begins the grace; a second one, or SIGINT, ends it."""
        begun, self._drain.active = self._drain.active, True
        if sig == signal.SIGTERM and not begun:
            self._captured_signals.append(sig)
            self._until = monotonic() + self._grace_s
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if self._until is not None and monotonic() >= self._until:
            self.should_exit = True
        return await super().on_tick(counter)


def passed_sockets() -> list[socket.socket]:
    """Listening sockets that systemd holds for us: what arrives between two servers waits in them."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    number = os.environ.get("LISTEN_FDS", "0")
    return [socket.socket(fileno=_FIRST_FD + at) for at in range(int(number) if number.isdigit() else 0)]
