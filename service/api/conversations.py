"""Conversations: questions that follow one another, each understood from those before it."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from service.api.answers import ANSWERED, answered
from service.api.asking import AnswerView, Asked
from service.api.idempotency import WriteRoute
from service.api.problems import Problem
from service.api.schemas import AnswerRequest
from service.api.state import ServiceState, service_state
from service.conversing import rewriting
from service.conversing.rewrite_prompt import Turn
from service.errors import BadRequest
from service.markers import without_markers
from service.security.principals import Principal, signed_in
from service.state import Conversation, UnknownId
from service.state import Turn as KeptTurn

router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"], route_class=WriteRoute)

State = Annotated[ServiceState, Depends(service_state)]
Caller = Annotated[Principal, Depends(signed_in)]

_WRITES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (400, 408, 409, 413, 415, 422, 503)
}


class ConversationRequest(BaseModel):
    """A conversation to begin."""

    model_config = ConfigDict(extra="forbid")

    title: StrictStr = Field(
        default="", max_length=200, description="Its first question where it is left empty"
    )


class ConversationView(BaseModel):
    """What a list shows."""

    conversation_id: str
    title: str
    created_at: datetime
    updated_at: datetime
    href: str

    @classmethod
    def of(cls, kept: Conversation) -> Self:
        """Without whose it is."""
        known = kept.model_dump(include=set(ConversationView.model_fields) - {"href"})
        return cls(**known, href=f"/api/v1/conversations/{kept.conversation_id}")


class TurnView(BaseModel):
    """One question, and where its answer is."""

    number: int
    asked: str
    rewritten: str | None = Field(description="What was answered in its place; null where it stands alone")
    answer_id: str | None = Field(description="null once the answer is deleted")
    href: str | None
    created_at: datetime

    @classmethod
    def of(cls, turn: KeptTurn) -> Self:
        """As it is shown."""
        return cls(
            number=turn.number,
            asked=turn.question,
            rewritten=turn.rewritten,
            answer_id=turn.answer_id,
            href=f"/api/v1/answers/{turn.answer_id}" if turn.answer_id else None,
            created_at=turn.created_at,
        )


class ConversationWithTurns(ConversationView):
    """A conversation, its turns in order."""

    turns: list[TurnView]


class ConversationPage(BaseModel):
    """The last used first."""

    items: list[ConversationView]
    next_cursor: str | None


@router.post(
    "",
    status_code=201,
    response_model=ConversationView,
    responses={**_WRITES, 201: {"headers": {"Location": {"schema": {"type": "string"}}}}},
    summary="Begin a conversation",
)
async def begin(asked: ConversationRequest, caller: Caller, state: State) -> Response:
    """Without turns."""
    if not asked.title.isprintable() and asked.title:
        raise BadRequest("title に使えない文字があります。", "title holds characters that cannot be shown.")
    kept = await state.store.conversations.create(caller.owner, asked.title)
    view = ConversationView.of(kept)
    return JSONResponse(view.model_dump(mode="json"), status_code=201, headers={"Location": view.href})


@router.get("", responses={status: {"model": Problem} for status in (422, 503)}, summary="List conversations")
async def listed(
    caller: Caller,
    state: State,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> ConversationPage:
    """The caller's own, for as long as the server keeps them."""
    page = await state.store.conversations.page(caller.owner, limit=limit, cursor=cursor)
    return ConversationPage(
        items=[ConversationView.of(kept) for kept in page.items], next_cursor=page.next_cursor
    )


@router.get(
    "/{conversation_id}",
    responses={status: {"model": Problem} for status in (404, 503)},
    summary="Read a conversation",
)
async def read(conversation_id: str, caller: Caller, state: State) -> ConversationWithTurns:
    """Its questions in order, how each was understood, and where its answer is."""
    kept, turns = await state.store.conversations.get(conversation_id, caller.sees)
    return ConversationWithTurns(
        **dict(ConversationView.of(kept)), turns=[TurnView.of(turn) for turn in turns]
    )


@router.delete(
    "/{conversation_id}",
    status_code=204,
    responses={status: {"model": Problem} for status in (404, 503)},
    summary="Delete a conversation",
)
async def delete(conversation_id: str, caller: Caller, state: State) -> None:
    """With its turns and their answers."""
    await state.store.conversations.delete(conversation_id, caller.sees)


@router.post(
    "/{conversation_id}/answers",
    response_model=AnswerView,
    responses={**ANSWERED, 404: {"model": Problem, "description": "No such conversation"}},
    summary="Ask the next question of a conversation",
)
async def ask(
    conversation_id: str, asked: AnswerRequest, request: Request, caller: Caller, state: State
) -> Response:
    """It is rewritten into a question that stands alone, which the answer shows as `rewritten`."""
    _, turns = await state.store.conversations.get(conversation_id, caller.owner)
    following = Asked(
        request=asked,
        owner=caller.owner,
        turns=tuple([await turn_of(turn, caller, state) for turn in turns[-rewriting.TURNS :]]),
        in_conversation=True,
        conversation_id=conversation_id,
    )
    return await answered(following, asked, request, state)


async def turn_of(turn: KeptTurn, caller: Principal, state: ServiceState) -> Turn:
    """A turn as the next question is understood from it."""
    answer = ""
    if turn.answer_id is not None:
        try:
            answer = str((await state.store.answers.get(turn.answer_id, caller.owner)).answer.get("text", ""))
        except UnknownId:  # deleted meanwhile
            answer = ""
    return Turn(question=turn.rewritten or turn.question, answer=without_markers(answer))
