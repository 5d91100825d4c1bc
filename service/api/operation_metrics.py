"""Metrics of the server itself: its queue, its connections, and the circuit before the model server."""

from functools import partial

from prometheus_client import CollectorRegistry, Gauge, Histogram

from service.generators.circuit import CircuitBreaker, CircuitState
from service.overload.admission import Admission
from service.overload.protocol import ConnectionCounts

_CIRCUIT_STATES: tuple[CircuitState, ...] = ("closed", "half_open", "open")
_WAIT_BUCKETS = (0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60)


class OperationMetrics:
    """The part of an app's registry that is read where they are kept, when Prometheus asks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._circuit = Gauge(
            "jmedqa_model_circuit",
            "1 for the state of the circuit breaker before the model server",
            ["state"],
            registry=registry,
        )
        self._openings = Gauge(
            "jmedqa_model_circuit_openings", "Times the circuit opened since the start", registry=registry
        )

        self._queue = Gauge("jmedqa_queue_depth", "Questions waiting for a place", registry=registry)
        self._busy = Gauge("jmedqa_answers_in_progress", "Questions being answered", registry=registry)
        self._turned_away = Gauge(
            "jmedqa_queue_refusals", "Questions turned away since the start", registry=registry
        )
        self._wait = Histogram(
            "jmedqa_queue_wait_seconds",
            "Time an admitted question waited for its place",
            buckets=_WAIT_BUCKETS,
            registry=registry,
        )
        self._ended = Gauge(
            "jmedqa_connections_ended",
            "Connections ended from this side since the start",
            ["reason"],
            registry=registry,
        )

    def waited(self, seconds: float) -> None:
        """Observe the wait of one admitted question."""
        self._wait.observe(seconds)

    def watch(self, circuit: CircuitBreaker, admission: Admission, connections: ConnectionCounts) -> None:
        """Read these whenever Prometheus asks."""
        self._queue.set_function(lambda: admission.waiting)
        self._busy.set_function(lambda: admission.busy)
        self._turned_away.set_function(lambda: admission.refused)
        for reason in connections.ended:
            self._ended.labels(reason).set_function(partial(connections.ended.__getitem__, reason))
        for state in _CIRCUIT_STATES:
            self._circuit.labels(state).set_function(partial(_is, circuit, state))
        self._openings.set_function(lambda: circuit.openings)


def _is(circuit: CircuitBreaker, state: CircuitState) -> float:
    return float(circuit.state == state)
