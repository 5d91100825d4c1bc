"""GET /api/v1/search and /api/v1/passages/{id}: the evidence itself, without any model."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from indexer import InvalidQuery
from service.api.caching import NOT_MODIFIED, etag, not_modified, tagged, unchanged
from service.api.kept_searches import Kept
from service.api.problems import Problem
from service.api.schemas import FoundPassage, PassageView, SearchParameters, SearchResponse
from service.api.search_route import search_route
from service.api.state import ServiceState, service_state
from service.audit.notes import note_query
from service.claims import passage_href
from service.errors import BadRequest
from service.live_index import LiveIndex

router = APIRouter(prefix="/api/v1", tags=["evidence"])

State = Annotated[ServiceState, Depends(service_state)]


async def search(state: State, request: Request, asked: Annotated[SearchParameters, Query()]) -> Response:
    """Passages, best first, with what each arm of the search found and what was searched for also."""
    served = state.live.state
    before = etag(served.generation)
    if unchanged(request, before):
        return not_modified(before)
    query_string = request.scope["query_string"]
    reply = state.searches.find(served, query_string)
    if reply is not None:
        note_query(reply.query, reply.generation)
    else:
        reply = await asyncio.to_thread(_reply, state.live, asked)
        if state.live.state == served:
            state.searches.keep(served, query_string, reply)
    return Response(reply.body, media_type="application/json", headers={"ETag": etag(reply.generation)})


router.add_api_route(
    "/search",
    search,
    response_model=SearchResponse,
    responses={**NOT_MODIFIED, **{status: {"model": Problem} for status in (413, 422, 503)}},
    summary="Search the index",
    route_class_override=search_route(search),
)


@router.get(
    "/passages/{passage_id:path}",
    response_model=PassageView,
    responses={**NOT_MODIFIED, **{status: {"model": Problem} for status in (404, 503)}},
    summary="Read a passage",
)
async def passage(state: State, request: Request, passage_id: str) -> Response:
    """A passage of the live generation, of a superseded document too: then `superseded_by` names the current
    ones. Percent-encode the id: it may hold `#`, `/` and `:`."""
    found = await asyncio.to_thread(read_passage, state.live, passage_id)
    tag = etag(found.generation)
    return not_modified(tag) if unchanged(request, tag) else tagged(found, tag)


def _reply(live: LiveIndex, asked: SearchParameters) -> Kept:
    found = searched(live, asked)
    return Kept(asked.q, found.generation, found.model_dump_json().encode())


def searched(live: LiveIndex, asked: SearchParameters) -> SearchResponse:
    """The hits of one search; blocks."""
    with live.index() as index:
        note_query(asked.q, index.generation)
        try:
            result = index.search(asked.q, asked.k, asked.filters(), asked.mode)
        except InvalidQuery:
            raise BadRequest("この検索語では検索できません。", "This query cannot be searched for.") from None
        ranks: dict[str, dict[str, int]] = {
            arm.name: {hit.passage_id: rank for rank, hit in enumerate(arm.hits, start=1)}
            for arm in result.arms
        }
        hits = [
            FoundPassage(
                rank=rank,
                score=hit.score,
                ranks={arm: of_arm.get(hit.passage_id) for arm, of_arm in ranks.items()},
                matched_terms=list(result.matched_terms.get(hit.passage_id, ())),
                href=passage_href(hit.passage_id),
                passage=PassageView.of(index.passage(hit.passage_id), index.generation),
            )
            for rank, hit in enumerate(result.hits, start=1)
        ]
        return SearchResponse(
            query=asked.q,
            mode=asked.mode,
            generation=index.generation,
            degraded=live.state.degraded,
            expansions=list(result.expansions),
            hits=hits,
        )


def read_passage(live: LiveIndex, passage_id: str) -> PassageView:
    """One passage; blocks. Raises `UnknownPassageId`."""
    with live.snapshot() as snapshot:
        return PassageView.of(snapshot.passage(passage_id), snapshot.generation)
