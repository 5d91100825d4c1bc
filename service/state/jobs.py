"""Jobs: work that outlives the request that asked for it, found again after a restart."""

import json
import sqlite3
from datetime import datetime
from typing import Any, Literal

from corpora import Frozen
from service.state.database import Database
from service.state.errors import UnknownId
from service.state.rows import (
    Clock,
    Page,
    cursor_place,
    from_maybe_ms,
    from_ms,
    new_id,
    now,
    page_of,
    to_ms,
)

JobStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
FINISHED: frozenset[JobStatus] = frozenset({"succeeded", "failed", "cancelled"})


class Job(Frozen):
    """One job as it stands.

    Attributes:
        request, progress, result, error: JSON values of the kind of job.
        process_id: Of the child that works on it.
    """

    job_id: str
    owner: str
    kind: str
    status: JobStatus
    request: dict[str, Any]
    progress: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    process_id: int | None = None
    created_at: datetime
    started_at: datetime | None = None
    updated_at: datetime
    finished_at: datetime | None = None

    @property
    def finished(self) -> bool:
        """Nothing about it changes any more."""
        return self.status in FINISHED


class Jobs:
    """The `jobs` table. Jobs are the site's, not a person's: whoever may read them reads all."""

    def __init__(self, database: Database, clock: Clock = now) -> None:
        self._database = database
        self._clock = clock

    async def create(self, owner: str, kind: str, request: dict[str, Any]) -> Job:
        """A queued job."""
        moment = self._clock()
        job = Job(
            job_id=new_id("job"),
            owner=owner,
            kind=kind,
            status="queued",
            request=request,
            created_at=moment,
            updated_at=moment,
        )
        values = (job.job_id, owner, kind, _json(request), to_ms(moment), to_ms(moment))
        await self._database.write(
            lambda db: db.execute(
                "INSERT INTO jobs (job_id, owner, kind, status, request_json, created_ms, updated_ms) "
                "VALUES (?, ?, ?, 'queued', ?, ?, ?)",
                values,
            )
        )
        return job

    async def start(self, job_id: str, process_id: int | None) -> Job:
        """It runs now. A job that is finished (cancelled meanwhile) stays so."""
        return await self._change(
            job_id, "status = 'running', started_ms = coalesce(started_ms, :now), process_id = :process_id",
            process_id=process_id,
        )  # fmt: skip

    async def report(self, job_id: str, progress: dict[str, Any]) -> Job:
        """How far it is. Nothing changes where it is finished."""
        return await self._change(job_id, "progress_json = :progress", progress=_json(progress))

    async def finish(
        self,
        job_id: str,
        status: Literal["succeeded", "failed", "cancelled"],
        *,
        result: dict[str, Any] | None = None,
        error: dict[str, Any] | None = None,
    ) -> Job:
        """How it ended. The first end stands: a job that was cancelled does not succeed afterwards."""
        return await self._change(
            job_id,
            "status = :status, result_json = :result, error_json = :error, finished_ms = :now",
            status=status,
            result=_json(result),
            error=_json(error),
        )

    async def get(self, job_id: str) -> Job:
        """The job; `UnknownId` where there is none."""
        return await self._database.read(lambda db: _find(db, job_id))

    async def unfinished(self) -> tuple[Job, ...]:
        """Queued and running ones, oldest first: what a server that starts has to look after."""
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT * FROM jobs WHERE status IN ('queued', 'running') ORDER BY created_ms, job_id"
            ).fetchall()
        )
        return tuple(_job(row) for row in rows)

    async def page(self, *, limit: int = 20, cursor: str | None = None) -> Page[Job]:
        """Newest first; `BadRequest` for a cursor that is none."""
        moment, last = cursor_place(cursor)
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT * FROM jobs WHERE (created_ms, job_id) < (?, ?) "
                "ORDER BY created_ms DESC, job_id DESC LIMIT ?",
                (moment, last, limit + 1),
            ).fetchall()
        )
        return page_of([_job(row) for row in rows], limit, lambda job: (job.created_at, job.job_id))

    async def _change(self, job_id: str, assignments: str, **values: Any) -> Job:
        values |= {"job_id": job_id, "now": to_ms(self._clock())}

        def work(db: sqlite3.Connection) -> Job:
            db.execute(
                f"UPDATE jobs SET {assignments}, updated_ms = :now "  # noqa: S608  (fixed texts of this class)
                "WHERE job_id = :job_id AND status IN ('queued', 'running')",
                values,
            )
            return _find(db, job_id)

        return await self._database.write(work)


def _find(db: sqlite3.Connection, job_id: str) -> Job:
    row = db.execute("SELECT * FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
    if row is None:
        raise UnknownId("このジョブは見つかりません。", "There is no such job.")
    return _job(row)


def _job(row: sqlite3.Row) -> Job:
    return Job(
        job_id=row["job_id"],
        owner=row["owner"],
        kind=row["kind"],
        status=row["status"],
        request=json.loads(row["request_json"]),
        progress=_value(row["progress_json"]),
        result=_value(row["result_json"]),
        error=_value(row["error_json"]),
        process_id=row["process_id"],
        created_at=from_ms(row["created_ms"]),
        started_at=from_maybe_ms(row["started_ms"]),
        updated_at=from_ms(row["updated_ms"]),
        finished_at=from_maybe_ms(row["finished_ms"]),
    )


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)
