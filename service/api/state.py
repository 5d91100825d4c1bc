"""What the endpoints share."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import structlog
from fastapi import Request

from service.api.kept_searches import KeptSearches
from service.api.metrics import Metrics
from service.api.running_answers import RunningAnswers
from service.generators.circuit import GuardedGenerator
from service.jobs.runner import JobRunner
from service.live_index import LiveIndex
from service.overload.admission import Admission
from service.overload.draining import Drain
from service.overload.protocol import ConnectionCounts
from service.settings import Settings
from service.state import Store

log = structlog.get_logger(__name__)


@dataclass
class ServiceState:
    """One app's parts; made by `service.api.app`, and nowhere else."""

    settings: Settings
    live: LiveIndex
    generator: GuardedGenerator
    metrics: Metrics
    store: Store
    jobs: JobRunner
    admission: Admission
    running: RunningAnswers
    searches: KeptSearches = field(default_factory=KeptSearches)
    drain: Drain = field(default_factory=Drain)
    connections: ConnectionCounts = field(default_factory=ConnectionCounts)
    taking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while an uploaded file is read: one at a time, so that searches keep their threads."""

    def answering(self) -> AbstractAsyncContextManager[None]:
        """Hold one of the places for answers in progress; raises as `Admission.place`."""
        return self.admission.place()

    async def watch_index(self) -> None:
        """Look for new generations until cancelled."""
        while True:
            await asyncio.sleep(self.settings.index.poll_s)
            try:
                if await asyncio.to_thread(self.live.refresh):
                    log.info("index changed", generation=self.live.state.generation)
            except OSError as error:  # a disk that is away for a moment must not end the watch
                log.error("index folder", errno=error.errno)
            self.report_index()

    def report_index(self) -> None:
        """Put the index's state into the metrics."""
        state = self.live.state
        self.metrics.index(state.generation, state.degraded)


def service_parts(request: Request) -> ServiceState:
    """The parts of the app that handles this request."""
    state = request.app.state.service
    assert isinstance(state, ServiceState)
    return state


async def service_state(request: Request) -> ServiceState:
    """The same for `Depends`.

    A coroutine, as every dependency here: FastAPI runs plain functions in threads of its own, and the way
    there and back costs more than a search.
    """
    return service_parts(request)
