"""Jobs over REST: rebuilding the index and verifying it, their progress, stopping them."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from service.api.idempotency import WriteRoute
from service.api.problems import Problem
from service.api.sse import MEDIA_TYPE, encoded, with_heartbeat
from service.api.state import ServiceState, service_state
from service.security.principals import Principal, signed_in
from service.state import Job, JobStatus

router = APIRouter(prefix="/api/v1", tags=["index"], route_class=WriteRoute)

State = Annotated[ServiceState, Depends(service_state)]
Caller = Annotated[Principal, Depends(signed_in)]

_LOOK_S = 0.2
"""How often a stream of progress looks whether there is any."""


class JobProgress(BaseModel):
    """How far it is."""

    stage: Literal["read", "analyse", "encode", "write", "verify"]
    done: int
    total: int | None = Field(description="null while reading, where it is not known")
    reused: int = Field(description="Of `done`, what was there already")


class JobError(BaseModel):
    """Why it failed."""

    code: str
    ja: str
    en: str


class JobView(BaseModel):
    """A job as it stands."""

    job_id: str
    kind: Literal["index-rebuild", "index-verify"]
    status: JobStatus
    progress: JobProgress | None
    result: dict[str, Any] | None = Field(description="Of a rebuild the generation and its counts")
    error: JobError | None
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    finished_at: datetime | None
    href: str

    @classmethod
    def of(cls, job: Job) -> Self:
        """The stored job as it is shown; its process and its owner are not."""
        known = job.model_dump(include=cls.model_fields.keys() - {"href"})
        return cls(**known, href=f"/api/v1/jobs/{job.job_id}")


class JobPage(BaseModel):
    """Jobs, newest first."""

    items: list[JobView]
    next_cursor: str | None


class NoParameters(BaseModel):
    """What is rebuilt is set by whoever runs the server, not by a request."""

    model_config = ConfigDict(extra="forbid")


_STARTED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "Started; `Location` tells where to look",
        "headers": {"Location": {"schema": {"type": "string"}}},
    },
    **{status: {"model": Problem} for status in (400, 408, 409, 413, 415, 422, 503)},
}


@router.post(
    "/index/rebuilds",
    status_code=202,
    response_model=JobView,
    responses=_STARTED,
    summary="Build the index anew",
)
async def rebuild(asked: NoParameters, caller: Caller, state: State) -> Response:
    """By a child process that steps back behind the server; unchanged passages are not computed again, nor is
    what a stopped build had encoded. The new generation serves as soon as it is whole. 409 while another
    build is under way."""
    return _accepted(await state.jobs.start("index-rebuild", caller.owner))


@router.post(
    "/index/verifications",
    status_code=202,
    response_model=JobView,
    responses=_STARTED,
    summary="Compare every checksum of every generation",
)
async def verification(asked: NoParameters, caller: Caller, state: State) -> Response:
    """By a child process. Its result says which generations are whole, and what is wrong with the others."""
    return _accepted(await state.jobs.start("index-verify", caller.owner))


@router.get("/jobs", responses={status: {"model": Problem} for status in (422, 503)}, summary="List the jobs")
async def jobs(
    state: State,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> JobPage:
    """Newest first, for as long as the server keeps them."""
    page = await state.store.jobs.page(limit=limit, cursor=cursor)
    return JobPage(items=[JobView.of(job) for job in page.items], next_cursor=page.next_cursor)


@router.get(
    "/jobs/{job_id}",
    response_model=JobView,
    responses={
        200: {
            "description": "The job; or events `progress`, then `end`, each with the job as it stands",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        },
        **{status: {"model": Problem} for status in (404, 503)},
    },
    summary="How far a job is",
)
async def job(job_id: str, request: Request, state: State) -> Response:
    """With `Accept: text/event-stream` each change as it comes. A stream that broke is opened again: its
    first event is how the job stands then."""
    found = await state.store.jobs.get(job_id)
    if MEDIA_TYPE not in request.headers.get("accept", ""):
        return JSONResponse(_data(found))
    return StreamingResponse(
        with_heartbeat(_changes(found, state)), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"}
    )


@router.delete(
    "/jobs/{job_id}",
    response_model=JobView,
    responses={status: {"model": Problem} for status in (404, 409, 503)},
    summary="Stop a job",
)
async def cancel(job_id: str, state: State) -> Response:
    """The live index stays as it is, and what was encoded is kept for the next build. 409 once it has ended
    by itself; stopping it twice is no error."""
    return JSONResponse(_data(await state.jobs.cancel(job_id)))


def _accepted(job: Job) -> Response:
    return JSONResponse(_data(job), status_code=202, headers={"Location": f"/api/v1/jobs/{job.job_id}"})


def _data(job: Job) -> dict[str, Any]:
    return JobView.of(job).model_dump(mode="json")


async def _changes(job: Job, state: ServiceState) -> AsyncGenerator[bytes, None]:
    told: Job | None = None
    while True:
        if told is None or job != told:
            told = job
            yield encoded("end" if job.finished else "progress", _data(job))
        if job.finished:
            return
        await asyncio.sleep(_LOOK_S)
        job = await state.store.jobs.get(job.job_id)
