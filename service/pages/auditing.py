"""The audit page: who did what, newest first; whether the log is whole."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from service.api.state import ServiceState, service_state
from service.audit.log import AuditLog, Verdict
from service.audit.recorder import Recorder
from service.errors import BadRequest
from service.pages.bodies import FormRoute
from service.pages.site import page

router = APIRouter(include_in_schema=False, route_class=FormRoute)

State = Annotated[ServiceState, Depends(service_state)]

SHOWN = 50


@router.get("/audit")
async def audit(
    request: Request,
    who: str = "",
    route: str = "",
    since: str = "",
    until: str = "",
    before: int | None = None,
) -> Response:
    """Entries before number ``before``, of who and what was asked for."""
    return await _shown(request, who, route, since, until, before, None)


@router.post("/audit/verify")
async def verify(
    request: Request, who: Annotated[str, Form()] = "", route: Annotated[str, Form()] = ""
) -> Response:
    """Check every link, and tell."""
    log = _log(request)
    verdict = await asyncio.to_thread(log.verify) if log else None
    return await _shown(request, who, route, "", "", None, verdict)


async def _shown(
    request: Request,
    who: str,
    route: str,
    since: str,
    until: str,
    before: int | None,
    verdict: Verdict | None,
) -> Response:
    log = _log(request)
    first, last = _day(since), _day(until)
    entries = (
        await log.newest(
            SHOWN + 1,
            before=before,
            who=who[:300],
            what=route[:300],
            since=first,
            until=last + timedelta(days=1) if last else None,
        )
        if log
        else ()
    )
    return page(
        request,
        "audit.html",
        kept=log is not None,
        entries=entries[:SHOWN],
        older=entries[SHOWN - 1].number if len(entries) > SHOWN else None,
        asked={"who": who, "route": route, "since": since, "until": until},
        verdict=verdict,
    )


def _log(request: Request) -> AuditLog | None:
    recorder: Recorder | None = request.app.state.recorder
    return recorder.audit if recorder else None


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        raise BadRequest(
            "日付は 2026-11-24 のように書いてください。", "Write a date as 2026-11-24."
        ) from None
