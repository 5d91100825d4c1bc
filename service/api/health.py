"""/healthz, /readyz and /metrics: for whoever runs the service."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from service.api.state import ServiceState, service_state
from service.generators.circuit import CircuitState
from service.security.principals import Principal, signed_in

router = APIRouter(tags=["operation"])

State = Annotated[ServiceState, Depends(service_state)]


class Ready(BaseModel):
    """Whether questions can be answered.

    ``degraded``: they can, but by an older index generation, or with a model server that does not answer.
    """

    ready: bool
    degraded: bool
    generation: str | None
    index_problem: str | None
    generator: str
    generator_problem: str | None
    circuit: CircuitState
    draining: bool


@router.get("/healthz", summary="The process is alive")
async def healthz() -> dict[str, str]:
    """Always the same while the process runs."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"model": Ready}}, summary="Questions can be answered")
async def readyz(state: State, response: Response, caller: Annotated[Principal, Depends(signed_in)]) -> Ready:
    """503 without an index, and while the server is shutting down.

    A model server that is down degrades: search still works.

    Names, addresses and reasons are told only to those who signed in, where that is asked for.
    """
    index = state.live.state
    server = state.settings.generator.openai()
    problem = await state.generator.problem()
    ready = index.generation is not None and not state.drain.active
    if not ready:
        response.status_code = 503
    told = bool(caller.scopes)
    return Ready(
        ready=ready,
        degraded=index.degraded or problem is not None,
        generation=index.generation if told else None,
        index_problem=index.problem if told else None,
        generator="openai" if server else "extractive",
        generator_problem=problem if told else None,
        circuit=state.generator.circuit.state,
        draining=state.drain.active,
    )


@router.get("/metrics", include_in_schema=False)
async def metrics(state: State) -> Response:
    """Prometheus text format."""
    return Response(state.metrics.page(), media_type="text/plain; version=0.0.4; charset=utf-8")
