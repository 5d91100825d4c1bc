"""The status page: what works now, and how answers fared over the last weeks."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service.api.state import ServiceState, service_state
from service.pages.charts import stacked
from service.pages.site import page

router = APIRouter(include_in_schema=False)

State = Annotated[ServiceState, Depends(service_state)]

DAYS = 30
_REMARKS = 10


@router.get("/status")
async def status(request: Request, state: State) -> Response:
    """Model server, queue, index; answers, abstentions and the share of verified claims a day; remarks."""
    days = await state.store.answers.daily(state.store.keys.clock() - timedelta(days=DAYS - 1), DAYS)
    remarks = await state.store.feedback.page(limit=_REMARKS)
    return page(
        request,
        "status.html",
        problem=await state.generator.problem(),
        model=state.settings.generator.model if state.settings.generator.openai() else None,
        circuit=state.generator.circuit.state,
        admission=state.admission,
        places=state.settings.server.max_concurrent_answers,
        length=state.settings.queue.length,
        live=state.live.state,
        draining=state.drain.active,
        days=days,
        answers=stacked([(("answered", day.answered), ("abstained", day.abstained)) for day in days]),
        shares=stacked([(("verified", day.verified_share),) for day in days], top=1.0),
        remarks=remarks.items,
    )
