"""Put a service's parts together; nothing is opened yet."""

from indexer import Encoder
from service.api.metrics import Metrics
from service.api.running_answers import RunningAnswers
from service.api.state import ServiceState
from service.generators import Generator
from service.generators.circuit import CircuitBreaker, GuardedGenerator
from service.generators.configured import configured_generator
from service.jobs.runner import JobRunner
from service.live_index import LiveIndex
from service.overload.admission import Admission
from service.settings import Settings
from service.state import Store


def assembled(
    settings: Settings, *, generator: Generator | None = None, encoder: Encoder | None = None
) -> ServiceState:
    """The parts of one service.

    Args:
        generator: In place of the configured one.
        encoder: In place of the one the index names.
    """
    live = LiveIndex(settings.index.dir, encoder=encoder)
    circuit = CircuitBreaker(settings.circuit)
    writer = GuardedGenerator(generator or configured_generator(settings.generator, live.terms), circuit)
    store = Store(settings.state)
    jobs = JobRunner(store, settings.jobs, settings.index.dir, settings.state.dir / "jobs")
    metrics = Metrics()
    admission = Admission(settings.server.max_concurrent_answers, settings.queue, waited=metrics.waited)
    running = RunningAnswers(settings.server.resume_grace_s)
    state = ServiceState(settings, live, writer, metrics, store, jobs, admission, running)
    metrics.watch(circuit, admission, state.connections)
    return state
