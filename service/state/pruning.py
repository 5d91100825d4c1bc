"""Retention: deletes what is older than the settings allow, and overwrites it, in file and log."""

import sqlite3
from datetime import datetime, timedelta

from service.state.database import Database
from service.state.rows import to_ms
from service.state.settings import StateSettings

Pruned = dict[str, int]
"""Rows deleted, by table."""


def pruned(db: sqlite3.Connection, settings: StateSettings, moment: datetime) -> Pruned:
    """Delete within an open transaction. Feedback goes with its answer; a job that is not finished stays."""
    limits = {
        "answers": ("created_ms < ?", timedelta(days=settings.answers_days)),
        "conversations": ("updated_ms < ?", timedelta(days=settings.conversations_days)),
        "jobs": ("finished_ms < ?", timedelta(days=settings.jobs_days)),
        "idempotency": ("created_ms < ?", timedelta(hours=settings.idempotency_hours)),
    }
    return {
        table: db.execute(f"DELETE FROM {table} WHERE {condition}", (to_ms(moment - age),)).rowcount  # noqa: S608
        for table, (condition, age) in limits.items()
    }


async def prune(database: Database, settings: StateSettings, moment: datetime) -> Pruned:
    """Delete beside a running service, then empty the write-ahead log, which still holds the old pages.

    Raises:
        StateUnavailable: If it cannot be written.
    """
    gone = await database.write(lambda db: pruned(db, settings, moment))
    if any(gone.values()):
        await database.checkpoint()
    return gone
