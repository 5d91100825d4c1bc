"""Writes entries behind the requests: several in one transaction, none waited for.

A request that cannot be written down is not answered: while the log cannot be written, or too many entries
wait, further ones get 503. Those that were being answered when it failed wait in memory and are written when
it works again. A killed process loses what it had not written yet, the last fraction of a second.
"""

import asyncio
from collections import deque
from time import monotonic
from typing import Any

import structlog

from service.audit.files import head_line
from service.audit.log import AuditLog
from service.state.errors import StateUnavailable

log = structlog.get_logger(__name__)

MAX_WAITING = 10_000
_GROUP_S = 0.05
"""From one commit to the next: what ends meanwhile shares it, for a commit costs more than many entries. An
entry that comes alone is written at once."""

_RETRY_S = 1.0
_HEAD_EVERY_S = 60.0
"""How often the head goes into the service's log, which a site keeps elsewhere."""


class AuditUnavailable(StateUnavailable):
    """Nothing may be answered that cannot be written down."""

    code = "audit-unavailable"


class Recorder:
    """Belongs to one event loop: `run` as a task, `stop` it, then wait for it."""

    def __init__(self, audit: AuditLog) -> None:
        self.audit = audit
        self._waiting: deque[dict[str, Any]] = deque()
        self._wake = asyncio.Event()
        self._failing = False
        self._stopping = False
        self._said_at = -_HEAD_EVERY_S

    def record(self, entry: dict[str, Any]) -> None:
        """Have an entry written."""
        self._waiting.append(entry)
        self._wake.set()

    def check(self) -> None:
        """Raise `AuditUnavailable` where a further request could not be written down."""
        if self._failing or len(self._waiting) >= MAX_WAITING:
            raise AuditUnavailable(
                "監査ログに書き込めないため、いまは応答できません。管理者にお知らせください。",
                "The audit log cannot be written, so nothing is answered now; please tell whoever runs this.",
            )

    async def run(self) -> None:
        """Write until stopped."""
        while not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            written = await self._write()
            if not self._stopping:
                await asyncio.sleep(_GROUP_S if written else _RETRY_S)
            if not written:
                self._wake.set()
        await self._write()  # what came while the last batch was being written

    def stop(self) -> None:
        """Let `run` write what waits, once, and end. Cancelling it could repeat what was being written."""
        self._stopping = True
        self._wake.set()

    async def _write(self) -> bool:
        batch = list(self._waiting)
        if not batch:
            return True
        try:
            head = await self.audit.append(batch)
        except StateUnavailable as error:
            if not self._failing:
                log.error("audit log", problem=error.en)
            self._failing = True
            return False
        for _ in batch:
            self._waiting.popleft()
        self._failing = False
        if monotonic() - self._said_at >= _HEAD_EVERY_S:
            self._said_at = monotonic()
            log.info("audit head", head=head_line(self.audit.keys, head))
        return True


async def started(recorder: Recorder | None) -> "asyncio.Task[None] | None":
    """Open the log and write behind the requests; nothing where there is no log."""
    if recorder is None:
        return None
    await asyncio.to_thread(recorder.audit.open)
    return asyncio.create_task(recorder.run())


async def stopped(recorder: Recorder | None, running: "asyncio.Task[None] | None") -> None:
    """Write what waits and close the log."""
    if recorder is None or running is None:
        return
    recorder.stop()
    await asyncio.gather(running, return_exceptions=True)
    await asyncio.to_thread(recorder.audit.close)
