"""A bounded queue in front of a bounded number of places.

A queue without a bound only turns overload into waiting: everybody is served too late. Here a question is
either answered soon or refused at once, and the places always work on questions that somebody waits for.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import ceil
from time import monotonic

from service.errors import Busy, QueueTimeout, ServiceError
from service.overload.settings import QueueSettings

_WEIGHT = 0.2
"""Of the newest answer in the running mean of their times."""

_LONGEST_RETRY_S = 60


class Admission:
    """First come, first served. Of the event loop's thread alone.

    Attributes:
        busy: Places taken.
        refused: Questions turned away since the start, by `Busy` or `QueueTimeout`.
    """

    def __init__(
        self,
        places: int,
        settings: QueueSettings | None = None,
        *,
        waited: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """``waited`` is told how long each admitted question waited, in seconds."""
        self._places = places
        self._settings = settings or QueueSettings()
        self._waited = waited
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._mean_s = 1.0
        self.busy = 0
        self.refused = 0

    @property
    def waiting(self) -> int:
        """Questions in the queue."""
        return len(self._waiting)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place, waiting for it where the queue has room. A waiter that is cancelled leaves the queue.

        Raises:
            Busy: At once, if the queue is full.
            QueueTimeout: If no place came free in time.
        """
        arrived = monotonic()
        if self.busy < self._places:  # then nobody waits: a place that comes free is handed on, never shown
            self.busy += 1
        elif len(self._waiting) >= self._settings.length:
            raise self._refusal(
                Busy(
                    "いま処理できる質問の数を超えています。少し待って再度お試しください。",
                    "Too many questions are being answered; try again shortly.",
                )
            )
        else:
            await self._turn()
        began = monotonic()
        self._waited(began - arrived)
        try:
            yield
            self._mean_s += _WEIGHT * (monotonic() - began - self._mean_s)
        finally:
            self._release()

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._settings.longest_wait_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():  # the place came in the same moment: hand it on
                self._release()
            elif turn in self._waiting:
                self._waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise self._refusal(
                    QueueTimeout(
                        "混み合っているため、時間内に順番が来ませんでした。少し待って再度お試しください。",
                        "The queue did not move in time; try again shortly.",
                    )
                ) from None
            raise

    def _release(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # else its waiter has just been cancelled
                turn.set_result(None)
                return
        self.busy -= 1

    def _refusal(self, error: ServiceError) -> ServiceError:
        """With the seconds after which the queue, as long as it is, will have gone."""
        self.refused += 1
        seconds = ceil((len(self._waiting) + 1) * self._mean_s / self._places)
        error.retry_after_s = min(max(seconds, 1), _LONGEST_RETRY_S)
        return error
