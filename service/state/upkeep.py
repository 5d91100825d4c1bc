"""Retention while the service runs: once when it starts, then every hour."""

import asyncio

import structlog

from service.audit.recorder import Recorder
from service.state.errors import StateUnavailable
from service.state.pruning import prune
from service.state.store import Store

log = structlog.get_logger(__name__)

EVERY_S = 3_600.0


async def keep_to_retention(store: Store, recorder: Recorder | None) -> None:
    """Until cancelled. A disk that refuses is tried again an hour later."""
    while True:
        try:
            gone = await prune(store.database, store.settings, store.clock())
            entries = 0 if recorder is None else await asyncio.to_thread(recorder.audit.prune_if_whole)
            if any(gone.values()) or entries:
                log.info("retention", audit_entries=entries, **gone)
        except StateUnavailable as error:
            log.error("retention", problem=error.en)
        await asyncio.sleep(EVERY_S)
