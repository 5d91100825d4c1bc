"""uvicorn's HTTP protocol with the time-outs it lacks.

uvicorn waits without end for a request's head, for its body, and for a client to read; one keep-alive byte
from time to time holds a connection for ever (“slowloris”). Here each of these has its time, connections
have a number, and a server that shuts down drops no request that is already on its way.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import h11
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.overload.draining import Drain
from service.overload.settings import ConnectionSettings

_RETRY_S = 5
_FULL = (
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    f"Retry-After: {_RETRY_S}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
).encode()

_BODY_GRACE_S = 5.0
"""The endpoint's own limit on a body comes first: it can say 408."""

BODY_TIME = "jmedqa.body_time"
"""Of ``scope["extensions"]``: a function by which an endpoint that expects a large body, once it is known who
sends it, allows so many seconds for it from now."""

_LINGER_S = 1.0
"""A kept-alive connection of a server that shuts down: long enough for a request that was under way."""


@dataclass
class ConnectionCounts:
    """Connections that were ended from this side, by reason; for the metrics."""

    ended: dict[str, int] = field(
        default_factory=lambda: {"too_many": 0, "slow_request": 0, "slow_reader": 0}
    )


def timed_protocol(
    settings: ConnectionSettings, body_timeout_s: float, drain: Drain, counts: ConnectionCounts
) -> type[H11Protocol]:
    """The protocol class for `uvicorn.Config(http=…)`.

    Args:
        body_timeout_s: In which an endpoint expects a request's body.
    """
    body_s = body_timeout_s + _BODY_GRACE_S

    class TimedProtocol(H11Protocol):
        """One connection. At most one of ``_receiving`` and uvicorn's keep-alive timer runs."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._receiving: asyncio.TimerHandle | None = None
            self._receiving_body = False
            self._sending: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > settings.most:
                counts.ended["too_many"] += 1
                transport.write(_FULL)
                self.conn.send(h11.ConnectionClosed())
                transport.close()
                self._expect_read()
                return
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_receiving()
            self._stop_sending()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():
                return
            super().data_received(data)
            self._watch()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._stop_receiving()  # the keep-alive timer runs now
            if self.timeout_keep_alive_task is None:  # a request that was waiting in line has begun
                self._watch()
            self._expect_read()

        def timeout_keep_alive_handler(self) -> None:
            super().timeout_keep_alive_handler()
            self._expect_read()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._stop_sending()
            self._sending = self.loop.call_later(settings.send_timeout_s, self._too_slow_a_reader)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._stop_sending()
            self._expect_read()

        def shutdown(self) -> None:
            """As uvicorn's, but a request that is on its way is still answered.

            The client of a new connection is about to send, and so may be one of a kept-alive one that has
            not yet heard of the end.
            """
            if self.cycle is not None and not self.cycle.response_complete:
                super().shutdown()
                return
            self._unset_keepalive_if_required()
            self._stop_receiving()
            self._receiving_body = False
            self._receiving = self.loop.call_later(_LINGER_S, self._end_quietly)

        def handle_events(self) -> None:
            """As uvicorn's. While the server drains, each response says that it is the connection's last."""
            before = self.cycle
            super().handle_events()
            if self.cycle is not before:
                extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
                extensions[BODY_TIME] = self._allow_body
            if drain.active and self.cycle is not before:
                self.headers.append(CLOSE_HEADER)  # the scope's own list; its task has not run yet

        def _watch(self) -> None:
            """See to it that the timer of what is awaited now runs; bytes that arrive do not prolong it."""
            if self.transport.is_closing():
                return
            answering = self.cycle is not None and not self.cycle.response_complete
            if answering and not self.cycle.more_body:
                self._stop_receiving()
                return
            body = answering
            if self._receiving is None or body != self._receiving_body:
                self._stop_receiving()
                self._receiving_body = body
                seconds = body_s if body else settings.head_timeout_s
                self._receiving = self.loop.call_later(seconds, self._too_slow_a_sender)

        def _allow_body(self, seconds: float) -> None:
            if self._receiving is not None and self._receiving_body:
                self._receiving.cancel()
                self._receiving = self.loop.call_later(seconds + _BODY_GRACE_S, self._too_slow_a_sender)

        def _expect_read(self) -> None:
            """What is left to send must be read in time, also after uvicorn has closed its side."""
            if self._sending is None and self.transport.get_write_buffer_size() > 0:
                self._sending = self.loop.call_later(settings.send_timeout_s, self._too_slow_a_reader)

        def _too_slow_a_sender(self) -> None:
            counts.ended["slow_request"] += 1
            self._receiving = None
            self.transport.abort()

        def _too_slow_a_reader(self) -> None:
            self._sending = None
            if self.transport.get_write_buffer_size() > 0:
                counts.ended["slow_reader"] += 1
                self.transport.abort()

        def _end_quietly(self) -> None:
            self._receiving = None
            if self.cycle is None or self.cycle.response_complete:
                self.transport.close()
                self._expect_read()

        def _stop_receiving(self) -> None:
            if self._receiving is not None:
                self._receiving.cancel()
                self._receiving = None

        def _stop_sending(self) -> None:
            if self._sending is not None:
                self._sending.cancel()
                self._sending = None

    return TimedProtocol
