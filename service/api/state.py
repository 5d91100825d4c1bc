"""What the endpoints share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog
from fastapi import Request

from service.api.metrics import Metrics
from service.api.running_answers import RunningAnswers
from service.errors import Busy
from service.generators import Generator
from service.jobs.runner import JobRunner
from service.live_index import LiveIndex
from service.settings import Settings
from service.state import Store

log = structlog.get_logger(__name__)


@dataclass
class ServiceState:
    """One app's parts; made by `service.api.app`, and nowhere else."""

    settings: Settings
    live: LiveIndex
    generator: Generator
    metrics: Metrics
    store: Store
    jobs: JobRunner
    running: RunningAnswers
    _answering: int = field(default=0)

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Hold one of the places for answers in progress.

        Raises:
            Busy: If all are taken. Waiting would only hide the load from whoever sends it.
        """
        if self._answering >= self.settings.server.max_concurrent_answers:
            raise Busy(
                "いま処理できる質問の数を超えています。少し待って再度お試しください。",
                "Too many questions are being answered; try again shortly.",
            )
        self._answering += 1
        try:
            yield
        finally:
            self._answering -= 1

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


def service_state(request: Request) -> ServiceState:
    """The parts of the app that handles this request."""
    state = request.app.state.service
    assert isinstance(state, ServiceState)
    return state
