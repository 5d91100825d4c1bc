"""Staged cases over REST: the nine-question protocol for one case, each question's record as it comes.

For research only. What is asked is what one patient has, so a server in ``reference`` mode refuses
(docs/hospital.md). A case comes without its key: nothing that answers here can hold what is right.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from functools import lru_cache
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from pydantic_core import PydanticSerializationError
from starlette.responses import Response

from indexer import Filters
from service.api.answers import ANSWERED
from service.api.disconnects import CLIENT_GONE, unless_gone
from service.api.idempotency import WriteRoute
from service.api.metrics import MeteredGenerator, MeteredRetriever
from service.api.problems import bug_body, problem_body, request_id
from service.api.sse import MEDIA_TYPE, encoded, with_heartbeat
from service.api.state import ServiceState, service_state
from service.audit.notes import note_answer, note_error, note_query
from service.cases.agents import CaseAnswer
from service.cases.arms import CasePlan
from service.cases.cases import Case
from service.cases.protocol import Protocol, load_protocol
from service.cases.running import run_case
from service.errors import BadRequest, ServiceError
from service.events import ErrorEvent
from service.intended_use import OutsideIntendedUse
from service.retrieval import NoRetrieval, Retriever
from service.strategies import StrategyName

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/api/v1", tags=["cases"], route_class=WriteRoute)

State = Annotated[ServiceState, Depends(service_state)]

MAX_CASE_CHARS = 12_000
"""Of all stages as they are shown; with the answers handed over a question stays within its limit."""


class CaseRequest(BaseModel):
    """A case, and how to answer it. What needs a key (``oracle``, ``gold_output``) is left to the command."""

    model_config = ConfigDict(extra="forbid")

    case: Case
    retrieval: Literal["none", "once", "per_question", "filtered"] = Field(
        default="per_question",
        description="No search; one for the case; one a question; one a question within `filters`",
    )
    carry: Literal["raw", "own_output"] = Field(
        default="raw", description="Whether a question is given the answers to the earlier ones"
    )
    strategy: StrategyName = "single"
    strategies: dict[str, StrategyName] = Field(
        default_factory=dict, description='Of single questions: {"Q2": "stepwise"}'
    )
    filters: Filters | None = None
    forms: StrictBool = Field(
        default=True, description="Ask for structured forms, too; without a model there are none"
    )
    stream: StrictBool = Field(
        default=False, description="Server-sent events; so does Accept: text/event-stream"
    )


class CaseReport(BaseModel):
    """What became of each question, in the protocol's order."""

    case_id: str
    protocol: str
    protocol_version: str
    generation: str | None
    plan: CasePlan
    records: list[CaseAnswer]


@lru_cache(maxsize=1)
def protocol() -> Protocol:
    """The nine questions; read once."""
    return load_protocol()


@router.post(
    "/cases",
    response_model=CaseReport,
    responses={
        **ANSWERED,
        200: {
            "description": "The records; or events `case`, `record` for each question, then `end` or `error`",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        },
    },
    summary="Answer a staged case, question by question (research mode)",
)
async def post_case(asked: CaseRequest, request: Request, state: State) -> Response:
    """Each stage is answered without the later ones. One case takes one place in the queue."""
    plan = _plan(asked, state)
    events = _events(asked.case, plan, state)
    if asked.stream or MEDIA_TYPE in request.headers.get("accept", ""):
        first = await unless_gone(request, anext(events))  # what fails before it still gets its status
        if first is None:
            await events.aclose()
            return Response(status_code=CLIENT_GONE)
        lines = _lines(first, events, request)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(with_heartbeat(lines), media_type=MEDIA_TYPE, headers=headers)
    report = await unless_gone(request, _whole(events))
    if report is None:
        return Response(status_code=CLIENT_GONE)
    return JSONResponse(report)


def _plan(asked: CaseRequest, state: ServiceState) -> CasePlan:
    """How to answer.

    Raises:
        OutsideIntendedUse: In reference mode.
        BadRequest: If the case or the plan does not fit the protocol; names the field.
    """
    settings, known = state.settings, protocol()
    if settings.site.intended_use != "research":
        raise OutsideIntendedUse(
            "症例への回答は研究用の設定(site.intended_use = research)でのみ行います。",
            "Cases are answered in research mode only (site.intended_use = research).",
        )
    stages = [stage.name for stage in asked.case.stages]
    wanted = [stage.name for stage in known.stages]
    if stages != wanted:
        raise BadRequest(
            f"case.stages は {', '.join(wanted)} の順に並べ、ない段階には absent に理由を書いてください。",
            f"case.stages must be {', '.join(wanted)}, in this order; "
            "a stage that there is not says why in absent.",
        )
    try:
        asked.case.model_dump_json()
    except PydanticSerializationError:
        raise BadRequest(
            "case に文字でないもの(サロゲートの片方)があります。", "case holds half of a surrogate pair."
        ) from None
    if sum(len(stage.rendered()) for stage in asked.case.stages) > MAX_CASE_CHARS:
        raise BadRequest(
            f"case の本文は合わせて{MAX_CASE_CHARS}文字までです。",
            f"The stages of case have at most {MAX_CASE_CHARS} characters together.",
        )
    unknown = sorted(asked.strategies.keys() - set(known.question_ids))
    if unknown:
        raise BadRequest(
            f"strategies の設問は {', '.join(known.question_ids)} です({', '.join(unknown)[:99]} はない)。",
            f"strategies names no such question: {', '.join(unknown)[:100]}; "
            f"there are {', '.join(known.question_ids)}.",
        )
    if (asked.filters is not None) != (asked.retrieval == "filtered"):
        raise BadRequest(
            "filters は retrieval = filtered と一緒に使います。", "filters goes with retrieval = filtered."
        )
    return CasePlan(
        arm=asked.retrieval,
        carry=asked.carry,
        strategy=asked.strategy,
        strategies=asked.strategies,
        filters=asked.filters,
        forms=asked.forms and settings.generator.openai() is not None,
    )


CaseEvent = tuple[str, dict[str, Any]]


async def _events(case: Case, plan: CasePlan, state: ServiceState) -> AsyncGenerator[CaseEvent, None]:
    """``case``, then a ``record`` for each question, then ``end``, all on one index generation.

    Raises:
        ServiceError: What keeps it from being answered; records given before stand.
    """
    metrics = state.metrics
    async with AsyncExitStack() as held:
        try:
            await held.enter_async_context(state.answering())
            found: Retriever = (
                NoRetrieval() if plan.arm == "none" else held.enter_context(state.live.snapshot())
            )
            note_query(case.model_dump_json(), found.generation)
            yield (
                "case",
                {
                    "case_id": case.case_id,
                    "protocol": protocol().name,
                    "protocol_version": protocol().version,
                    "generation": found.generation,
                    "plan": plan.model_dump(mode="json"),
                },
            )
            records = run_case(
                case,
                protocol(),
                plan,
                MeteredRetriever(found, metrics),
                MeteredGenerator(state.generator, metrics),
                state.settings.limits,
            )
            await held.enter_async_context(aclosing(records))
            count = 0
            async for record in records:
                if record.answer is not None:
                    metrics.answered(record.answer.provenance.strategy, record.answer)
                    note_answer(record.answer)
                count += 1
                yield "record", record.model_dump(mode="json")
            log.info("case", arm=plan.arm, records=count, generation=found.generation)
            yield "end", {"records": count}
        except ServiceError as error:
            metrics.failed(plan.strategy, error.code)
            log.warning("no case", arm=plan.arm, code=error.code)
            note_error(error.code)
            raise


async def _whole(events: AsyncGenerator[CaseEvent, None]) -> dict[str, Any]:
    report: dict[str, Any] = {}
    records: list[dict[str, Any]] = []
    async with aclosing(events):
        async for name, data in events:
            if name == "case":
                report = data
            elif name == "record":
                records.append(data)
    return {**report, "records": records}


async def _lines(
    first: CaseEvent, events: AsyncGenerator[CaseEvent, None], request: Request
) -> AsyncGenerator[bytes, None]:
    async with aclosing(events):
        try:
            yield encoded(*first)
            async for name, data in events:
                yield encoded(name, data)
                await asyncio.sleep(0)  # a model that answers at once must not hold the loop
        except ServiceError as error:
            body = problem_body(request_id(request), error.status, error.code, error.ja, error.en)
            yield encoded(ErrorEvent.name, body)
        except Exception as error:
            log.error("bug", exc_type=type(error).__qualname__)
            yield encoded(ErrorEvent.name, bug_body(request))
