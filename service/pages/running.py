"""The index page: generations, what changed, rebuilding with its progress, going back."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from service.api.generations import difference_view, generation_list, go_back
from service.api.jobs import JobView
from service.api.state import ServiceState, service_state
from service.errors import ServiceError
from service.jobs.runner import Kind
from service.pages.bodies import FormRoute
from service.pages.site import page, texts
from service.security.principals import principal

router = APIRouter(include_in_schema=False, route_class=FormRoute)

State = Annotated[ServiceState, Depends(service_state)]
_JOBS = 5
STOP_ASKING = 286
"""htmx's: the content is good, polling ends. Each poll is a request in the audit log."""


@router.get("/index")
async def index(request: Request, state: State) -> Response:
    """Which generations there are, how the live one differs from the one before, jobs under way."""
    caller = principal(request)
    directory, live = state.settings.index.dir, state.live.state
    listed = await asyncio.to_thread(generation_list, directory, live.generation)
    try:
        changes = await asyncio.to_thread(difference_view, directory, "previous", "current", 50)
    except ServiceError:  # there is no generation before this one
        changes = None
    moved = request.query_params.get("live")
    return page(
        request,
        "index.html",
        generations=listed.items,
        difference=changes,
        state=live,
        no_keys=caller.kind == "local" and not await state.store.keys.any(),
        jobs=await _jobs(state) if "admin" in caller.scopes else [],
        notice=f"{texts(request).rolled_back}: {moved}" if moved == live.generation and moved else None,
    )


@router.get("/index/jobs")
async def jobs(request: Request, state: State) -> Response:
    """The newest jobs, as a part of the page; once none is under way the page need not ask again."""
    found = await _jobs(state)
    under_way = any(job.status in ("queued", "running") for job in found)
    return page(request, "_jobs.html", 200 if under_way else STOP_ASKING, jobs=found)


@router.post("/index/rebuild")
async def rebuild(request: Request, state: State) -> Response:
    """Start a rebuild."""
    return await _started(request, state, "index-rebuild")


@router.post("/index/verify")
async def verify(request: Request, state: State) -> Response:
    """Start a verification."""
    return await _started(request, state, "index-verify")


@router.post("/index/jobs/{job_id}/cancel")
async def cancel(request: Request, state: State, job_id: str) -> Response:
    """Stop a job."""
    await state.jobs.cancel(job_id)
    return RedirectResponse("/index", 303)


@router.post("/index/rollback")
async def rollback(
    request: Request, state: State, to: Annotated[str, Form(max_length=100)] = "previous"
) -> Response:
    """Make an earlier generation the live one."""
    done = await asyncio.to_thread(go_back, state, to)
    return RedirectResponse(f"/index?live={done.live}", 303)


async def _started(request: Request, state: ServiceState, kind: Kind) -> Response:
    await state.jobs.start(kind, principal(request).owner)
    return RedirectResponse("/index", 303)


async def _jobs(state: ServiceState) -> list[JobView]:
    found = await state.store.jobs.page(limit=_JOBS)
    return [JobView.of(job) for job in found.items]
