"""Metrics of the server itself: the model server's circuit."""

from functools import partial

from prometheus_client import CollectorRegistry, Gauge

from service.generators.circuit import CircuitBreaker, CircuitState

_CIRCUIT_STATES: tuple[CircuitState, ...] = ("closed", "half_open", "open")


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

    def circuit(self, circuit: CircuitBreaker) -> None:
        """Show this circuit."""
        for state in _CIRCUIT_STATES:
            self._circuit.labels(state).set_function(partial(_is, circuit, state))
        self._openings.set_function(lambda: circuit.openings)


def _is(circuit: CircuitBreaker, state: CircuitState) -> float:
    return float(circuit.state == state)
