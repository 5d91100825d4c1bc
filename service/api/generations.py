"""The generations of the index: which there are, how they differ, going back to one."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from indexer import (
    Changes,
    IndexFailure,
    UnknownGeneration,
    current_name,
    difference,
    names,
    read_manifest,
    resolve,
    roll_back,
)
from service.api.caching import NOT_MODIFIED, etag, not_modified, tagged, unchanged
from service.api.idempotency import WriteRoute
from service.api.problems import Problem
from service.api.state import ServiceState, service_state
from service.errors import IndexUnavailable, ServiceError

router = APIRouter(prefix="/api/v1/index", tags=["index"], route_class=WriteRoute)

State = Annotated[ServiceState, Depends(service_state)]

_NAME = "`current`, `previous`, a generation's name, or the beginning of one"


class UnknownGenerationName(ServiceError):  # noqa: N818
    """No generation, or more than one, is meant."""

    code = "unknown-generation"
    status = 404


class GenerationView(BaseModel):
    """One generation on disk."""

    name: str
    current: bool = Field(description="CURRENT names it: the newest build, or what was rolled back to")
    serving: bool = Field(description="Questions are answered from it now")
    created: datetime | None
    replaces: str | None
    documents: int | None
    superseded: int | None
    passages: int | None
    bytes: int | None
    notes: list[str]
    problem: str | None = Field(description="Why its manifest cannot be read; the rest is null then")


class GenerationList(BaseModel):
    """Newest first."""

    items: list[GenerationView]


class ChangesView(BaseModel):
    """Counts of all changes, and the first ids of each kind, sorted."""

    counts: dict[str, int]
    added: list[str]
    removed: list[str]
    changed: list[str]
    details: list[str] = Field(description="Same text, other title, source, edition or place")

    @classmethod
    def of(cls, changes: Changes, limit: int) -> "ChangesView":
        """At most ``limit`` ids of each kind."""
        kinds = {name: getattr(changes, name) for name in ("added", "removed", "changed", "details")}
        counts = {name: len(ids) for name, ids in kinds.items()} | {"unchanged": changes.unchanged}
        return cls(counts=counts, **{name: ids[:limit] for name, ids in kinds.items()})


class DifferenceView(BaseModel):
    """From one generation to another."""

    before: str
    after: str
    documents: ChangesView
    passages: ChangesView


class RollbackRequest(BaseModel):
    """Where to."""

    model_config = ConfigDict(extra="forbid")

    to: str = Field(default="previous", max_length=100, description=_NAME)


class RolledBackView(BaseModel):
    """What serves now."""

    live: str
    before: str | None
    newer: list[str] = Field(description="Kept although newer, to go back to")


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No such generation"},
    422: {"model": Problem, "description": "The request is not valid"},
    503: {
        "model": Problem,
        "description": "A generation is damaged or unreadable; the cure is told",
    },
}


@router.get("/generations", responses={503: {"model": Problem}}, summary="The generations that are kept")
async def generations(state: State) -> GenerationList:
    """Newest first, each with what it holds."""
    return await asyncio.to_thread(_generations, state.settings.index.dir, state.live.state.generation)


@router.get(
    "/generations/diff",
    response_model=DifferenceView,
    responses={**NOT_MODIFIED, **_PROBLEMS},
    summary="What changed from one generation to another",
)
async def diff(
    state: State,
    request: Request,
    before: Annotated[str, Query(alias="from", max_length=100, description=_NAME)] = "previous",
    after: Annotated[str, Query(alias="to", max_length=100, description=_NAME)] = "current",
    limit: Annotated[int, Query(ge=0, le=10_000, description="Ids of each kind")] = 1_000,
) -> Response:
    """Documents and passages that came, went and changed."""
    found = await asyncio.to_thread(_difference, state.settings.index.dir, before, after, limit)
    tag = etag(f"{found.before}.{found.after}")
    return not_modified(tag) if unchanged(request, tag) else tagged(found, tag)


@router.post(
    "/rollback",
    responses={**_PROBLEMS, **{status: {"model": Problem} for status in (400, 408, 413, 415)}},
    summary="Make an earlier generation the live one",
)
async def rollback(asked: RollbackRequest, state: State) -> RolledBackView:
    """By one atomic swap, after every checksum of it was compared. Questions under way end on the generation
    they began with; when this returns, new ones are answered from the other."""
    return await asyncio.to_thread(_roll_back, state, asked.to)


def _generations(directory: Path, serving: str | None) -> GenerationList:
    try:
        current = current_name(directory)
    except IndexFailure:
        current = None
    try:
        found = names(directory)
    except IndexFailure as failure:
        raise generation_problem(failure) from failure
    return GenerationList(items=[_generation(directory, name, current, serving) for name in reversed(found)])


def _generation(directory: Path, name: str, current: str | None, serving: str | None) -> GenerationView:
    about: dict[str, Any] = {"name": name, "current": name == current, "serving": name == serving}
    try:
        manifest = read_manifest(directory / "generations" / name)
    except IndexFailure as failure:
        nothing = dict.fromkeys(("created", "replaces", "documents", "superseded", "passages", "bytes"))
        return GenerationView(**about, **nothing, notes=[], problem=str(failure))
    counts = manifest.counts
    return GenerationView(
        **about,
        created=manifest.created,
        replaces=manifest.replaces,
        documents=counts.documents,
        superseded=counts.superseded,
        passages=counts.passages,
        bytes=sum(record.bytes for record in manifest.files.values()),
        notes=list(manifest.notes),
        problem=None,
    )


def _difference(directory: Path, before: str, after: str, limit: int) -> DifferenceView:
    try:
        found = difference(directory, resolve(directory, before), resolve(directory, after))
    except IndexFailure as failure:
        raise generation_problem(failure) from failure
    return DifferenceView(
        before=found.before,
        after=found.after,
        documents=ChangesView.of(found.documents, limit),
        passages=ChangesView.of(found.passages, limit),
    )


def _roll_back(state: ServiceState, to: str) -> RolledBackView:
    try:
        done = roll_back(state.settings.index.dir, to)
    except IndexFailure as failure:
        raise generation_problem(failure) from failure
    state.live.refresh()
    return RolledBackView(live=done.live, before=done.before, newer=list(done.newer))


def generation_problem(failure: IndexFailure) -> ServiceError:
    """Our error for the indexer's, which is written for users and ends with the cure."""
    if isinstance(failure, UnknownGeneration):
        return UnknownGenerationName(
            f"その世代の索引はありません: {failure}", f"No such generation: {failure}"
        )
    return IndexUnavailable(
        f"索引の世代を利用できません: {failure}", f"The generation is not usable: {failure}"
    )
