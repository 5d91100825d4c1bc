"""Answers that go on while their reader is away for a moment.

A client that asked for it reads events from a bounded buffer and may come back with ``Last-Event-ID`` (WHATWG
HTML, section 9.2.3): it gets what it missed, once and in order. Without a reader for the grace time the work
is stopped; so long after its end the buffer is dropped.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from service.api.problems import problem_body
from service.api.sse import encoded, event_id
from service.errors import ServiceError
from service.events import ErrorEvent
from service.state import UnknownId

MOST_EVENTS = 20_000
MOST_BYTES = 8_388_608
MOST_KEPT = 256
"""Buffers at once; those of finished answers go first, oldest first."""


class StreamExpired(ServiceError):  # noqa: N818
    """What the client missed is not in the buffer any more."""

    code = "stream-expired"
    status = 410


def expired() -> StreamExpired:
    """With the cure."""
    return StreamExpired(
        "この続きはもうありません。/api/v1/answers/{id} で回答を読むか、もう一度質問してください。",
        "The rest of this stream is gone: read the answer at /api/v1/answers/{id}, or ask again.",
    )


class AnswerAbandoned(ServiceError):  # noqa: N818
    """Nobody read it any more, or the server ended."""

    code = "answer-abandoned"
    status = 503
    retry_after_s = 1


def _abandoned() -> AnswerAbandoned:
    return AnswerAbandoned(
        "読み手がいないため、回答を途中で止めました。もう一度質問してください。",
        "The answer was stopped, since nobody was reading it: ask again.",
    )


class RunningAnswer:
    """One answer's events, numbered from 1; `start` it once.

    Args:
        lines: Encoded events; ends by itself, and is closed if nobody is left.
    """

    def __init__(
        self,
        answer_id: str,
        owner: str,
        request_id: str,
        lines: AsyncGenerator[bytes, None],
        grace_s: float,
    ) -> None:
        self._request_id = request_id
        self.answer_id = answer_id
        self.owner = owner
        self.done = False
        self._lines = lines
        self._grace_s = grace_s
        self._buffer: list[bytes] = []
        self._dropped = 0
        self._bytes = 0
        self._readers = 0
        self._grown = asyncio.Event()
        self._leaving: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, whether anybody reads or not."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop the work."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def read(self, after: int) -> AsyncGenerator[bytes, None]:
        """The events with higher numbers than ``after``, as they come; ``error`` where one is gone."""
        self._readers += 1
        if self._leaving is not None:
            self._leaving.cancel()
        try:
            while True:
                if after < self._dropped:  # it reads more slowly than the answer is written
                    yield self._last(expired(), after + 1)
                    return
                if after < self._dropped + len(self._buffer):
                    line = self._buffer[after - self._dropped]
                    after += 1
                    yield line
                    continue
                if self.done:
                    return
                self._grown.clear()
                await self._grown.wait()
        finally:
            self._readers -= 1
            if not self._readers and not self.done:
                loop = asyncio.get_running_loop()
                self._leaving = loop.call_later(self._grace_s, self._abandon)

    def holds(self, after: int) -> bool:
        """Whether a reader can go on after this number."""
        return self._dropped <= after <= self._dropped + len(self._buffer)

    def _abandon(self) -> None:
        if not self._readers and self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            async for line in self._lines:
                self._append(line)
        except asyncio.CancelledError:
            self._append(self._last(_abandoned(), self._dropped + len(self._buffer) + 1))
        finally:
            self.done = True
            self._grown.set()
            await self._lines.aclose()

    def _last(self, error: ServiceError, number: int) -> bytes:
        body = problem_body(self._request_id, error.status, error.code, error.ja, error.en)
        return encoded(ErrorEvent.name, body, event_id(self.answer_id, number))

    def _append(self, line: bytes) -> None:
        self._buffer.append(line)
        self._bytes += len(line)
        while len(self._buffer) > 1 and (len(self._buffer) > MOST_EVENTS or self._bytes > MOST_BYTES):
            self._bytes -= len(self._buffer.pop(0))
            self._dropped += 1
        self._grown.set()


class RunningAnswers:
    """Those of one server. `stop` when it ends."""

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._all: dict[str, RunningAnswer] = {}

    def start(
        self, answer_id: str, owner: str, request_id: str, lines: AsyncGenerator[bytes, None]
    ) -> RunningAnswer:
        """Begin one."""
        running = RunningAnswer(answer_id, owner, request_id, lines, self._grace_s)
        self._make_room()
        self._all[answer_id] = running
        running.start()
        assert running._task is not None
        running._task.add_done_callback(lambda _: self._forget_later(answer_id))
        return running

    def find(self, answer_id: str, owner: str | None) -> RunningAnswer:
        """The one of this owner (``None``: anybody's).

        Raises:
            UnknownId: If there is none, or none any more.
        """
        found = self._all.get(answer_id)
        if found is None or owner not in (None, found.owner):
            raise UnknownId(
                "このイベント列はありません(終わってから時間が経ったか、再接続を求めずに始めたものです)。",
                "There is no such stream: it ended some time ago, or was not asked for as resumable.",
            )
        return found

    async def stop(self) -> None:
        """Stop all of them."""
        await asyncio.gather(*(running.stop() for running in list(self._all.values())))
        self._all.clear()

    def _forget_later(self, answer_id: str) -> None:
        with suppress(RuntimeError):  # no loop runs any more: the server ends
            asyncio.get_running_loop().call_later(self._grace_s, self._all.pop, answer_id, None)

    def _make_room(self) -> None:
        finished = [name for name, running in self._all.items() if running.done]
        for name in finished[: max(0, len(self._all) - MOST_KEPT + 1)]:
            del self._all[name]


def number_of(last_event_id: str, answer_id: str) -> int | None:
    """The number in a ``Last-Event-ID``; ``None`` where it is not one of this answer's."""
    name, _, number = last_event_id.strip().rpartition(":")
    if name != answer_id or not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    return int(number) if event_id(answer_id, int(number)) == last_event_id.strip() else None
