"""Bounds of the queue and of connections."""

from pydantic import Field

from corpora import Frozen


class QueueSettings(Frozen):
    """Questions that wait for a place (`server.max_concurrent_answers` are answered at once).

    Attributes:
        length: More than so many waiting are refused at once. Half of the places keeps the time an accepted
            question takes within 1.5 times what it takes without a queue.
        longest_wait_s: Who has waited so long is told to come back.
    """

    length: int = Field(default=8, ge=0, le=10_000)
    longest_wait_s: float = Field(default=30.0, gt=0)


class ConnectionSettings(Frozen):
    """Clients that are slow, many, or late. Times in seconds.

    Attributes:
        most: Open at one time; one more is told 503 and closed.
        head_timeout_s: In which a request's head must have arrived, the first byte included.
        send_timeout_s: In which a client must read what waits to be sent to it.
        drain_grace_s: How long after SIGTERM new connections are still taken, while `/readyz` says no.
        drain_timeout_s: In which running answers must then be finished.
    """

    most: int = Field(default=1_000, ge=1)
    head_timeout_s: float = Field(default=10.0, gt=0)
    send_timeout_s: float = Field(default=30.0, gt=0)
    drain_grace_s: float = Field(default=2.0, ge=0)
    drain_timeout_s: float = Field(default=60.0, ge=0)
