"""Answers: asked for as JSON or as events, opened again, remarked upon."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr
from starlette.responses import Response

from service.api.asking import AnswerView, Asked, finished
from service.api.caching import NOT_MODIFIED, not_modified, unchanged
from service.api.disconnects import CLIENT_GONE, unless_gone
from service.api.idempotency import WriteRoute
from service.api.problems import Problem
from service.api.schemas import AnswerRequest
from service.api.sse import MEDIA_TYPE
from service.api.state import ServiceState, service_state
from service.api.streaming import resumed, streamed
from service.errors import BadRequest
from service.security.principals import Principal, signed_in
from service.state import Feedback, Verdict

router = APIRouter(prefix="/api/v1", tags=["answers"], route_class=WriteRoute)

State = Annotated[ServiceState, Depends(service_state)]
Caller = Annotated[Principal, Depends(signed_in)]

ANSWERED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; or events `question` (in a conversation), `plan`, `step`, `token`, "
        "then `answer` or `error`",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    },
    **{
        status: {"model": Problem, "description": description}
        for status, description in {
            400: "The body is not JSON",
            408: "The body did not arrive in time",
            409: "The first request with this Idempotency-Key is not finished",
            413: "The question is too long",
            415: "The body is of another type",
            422: "The request is not valid, the model declined, or the Idempotency-Key came with another one",
            429: "Too many questions at once",
            502: "The model's reply was cut at its length limit",
            503: "No index, or the model server is down or too slow",
        }.items()
    },
}


@router.post(
    "/answers",
    response_model=AnswerView,
    responses=ANSWERED,
    summary="Answer a question, with evidence for each step",
)
async def post_answer(asked: AnswerRequest, request: Request, caller: Caller, state: State) -> Response:
    """Japanese or English, open or multiple choice. Every passage cited can be read at its `href`."""
    return await answered(Asked(request=asked, owner=caller.owner), asked, request, state)


async def answered(asked: Asked, how: AnswerRequest, request: Request, state: ServiceState) -> Response:
    """The answer as the request wants it."""
    if how.stream or how.resumable or MEDIA_TYPE in request.headers.get("accept", ""):
        return await streamed(asked, request, state, resumable=how.resumable)
    answer = await unless_gone(request, finished(asked, state))
    if answer is None:
        return Response(status_code=CLIENT_GONE)
    return JSONResponse(answer.model_dump(mode="json"))


@router.get(
    "/answers/{answer_id}",
    response_model=AnswerView,
    responses={**NOT_MODIFIED, **{status: {"model": Problem} for status in (404, 503)}},
    summary="Open an answer again",
)
async def get_answer(answer_id: str, request: Request, caller: Caller, state: State) -> Response:
    """As it was given, for as long as the server keeps answers. Everybody sees their own."""
    stored = await state.store.answers.get(answer_id, caller.sees)
    tag = f'"{stored.answer_id}"'  # it never changes
    if unchanged(request, tag):
        return not_modified(tag)
    return JSONResponse(stored.answer, headers={"ETag": tag})


@router.get(
    "/answers/{answer_id}/events",
    response_class=Response,
    responses={
        200: {
            "description": "What was missed, then what comes",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        },
        **{status: {"model": Problem} for status in (404, 410)},
    },
    summary="Go on reading a resumable stream",
)
async def get_events(
    answer_id: str,
    caller: Caller,
    state: State,
    last_event_id: Annotated[
        str | None, Header(description="The `id` of the last event that arrived")
    ] = None,
) -> Response:
    """After `Last-Event-ID`, without a gap and without a repetition; from the start where there is none."""
    return resumed(answer_id, caller.sees, last_event_id, state)


@router.delete(
    "/answers/{answer_id}",
    status_code=204,
    responses={status: {"model": Problem} for status in (404, 503)},
    summary="Delete an answer",
)
async def delete_answer(answer_id: str, caller: Caller, state: State) -> None:
    """With its question and the remarks on it."""
    await state.store.answers.delete(answer_id, caller.sees)


class FeedbackRequest(BaseModel):
    """A remark on an answer."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    claim: StrictInt | None = Field(
        default=None, ge=0, description="Index of the sentence in `claims` that it is about; null for all"
    )
    comment: StrictStr = Field(default="", max_length=4_000)


class FeedbackView(BaseModel):
    """A remark as it is kept."""

    feedback_id: str
    answer_id: str
    verdict: Verdict
    claim: int | None
    comment: str
    created_at: datetime

    @classmethod
    def of(cls, feedback: Feedback) -> Self:
        """Without whose it is."""
        return cls(**feedback.model_dump(include=set(cls.model_fields)))


@router.post(
    "/answers/{answer_id}/feedback",
    status_code=201,
    responses={status: {"model": Problem} for status in (400, 404, 408, 409, 413, 415, 422, 503)},
    summary="Say what was right or wrong with an answer",
)
async def post_feedback(
    answer_id: str, remark: FeedbackRequest, caller: Caller, state: State
) -> FeedbackView:
    """Kept for whoever runs the server; `wrong` with a `claim` is a citation that does not bear it out."""
    stored = await state.store.answers.get(answer_id, caller.sees)
    claims = stored.answer.get("claims", [])
    if remark.claim is not None and remark.claim >= len(claims):
        raise BadRequest(
            f"claim は 0 から {len(claims) - 1} までです。", f"claim is an index of the {len(claims)} claims."
        )
    try:
        comment = remark.comment.encode("utf-8").decode("utf-8")
    except UnicodeEncodeError:
        raise BadRequest(
            "comment に文字でないもの(サロゲートの片方)があります。",
            "comment holds half of a surrogate pair.",
        ) from None
    kept = await state.store.feedback.add(
        answer_id, caller.owner, remark.verdict, claim=remark.claim, comment=comment
    )
    return FeedbackView.of(kept)
