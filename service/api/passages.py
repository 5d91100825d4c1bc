"""GET /api/v1/search and /api/v1/passages/{id}: the evidence itself, without any model."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from indexer import InvalidQuery
from service.api.problems import Problem
from service.api.schemas import FoundPassage, PassageView, SearchParameters, SearchResponse
from service.api.state import ServiceState, service_state
from service.claims import passage_href
from service.errors import BadRequest
from service.live_index import LiveIndex

router = APIRouter(prefix="/api/v1", tags=["evidence"])

State = Annotated[ServiceState, Depends(service_state)]


@router.get(
    "/search",
    responses={status: {"model": Problem} for status in (413, 422, 503)},
    summary="Search the index",
)
async def search(state: State, asked: Annotated[SearchParameters, Query()]) -> SearchResponse:
    """Passages, best first."""
    return await asyncio.to_thread(_search, state.live, asked)


@router.get(
    "/passages/{passage_id:path}",
    responses={status: {"model": Problem} for status in (404, 503)},
    summary="Read a passage",
)
async def passage(state: State, passage_id: str) -> PassageView:
    """A passage of the live generation, of a superseded document too: then `superseded_by` names the current
    ones. Percent-encode the id: it may hold `#`, `/` and `:`."""
    return await asyncio.to_thread(_passage, state.live, passage_id)


def _search(live: LiveIndex, asked: SearchParameters) -> SearchResponse:
    with live.index() as index:
        try:
            result = index.search(asked.q, asked.k, asked.filters(), asked.mode)
        except InvalidQuery:
            raise BadRequest("この検索語では検索できません。", "This query cannot be searched for.") from None
        hits = [
            FoundPassage(
                rank=rank,
                score=hit.score,
                matched_terms=list(result.matched_terms.get(hit.passage_id, ())),
                href=passage_href(hit.passage_id),
                passage=PassageView.of(index.passage(hit.passage_id), index.generation),
            )
            for rank, hit in enumerate(result.hits, start=1)
        ]
        return SearchResponse(query=asked.q, mode=asked.mode, generation=index.generation, hits=hits)


def _passage(live: LiveIndex, passage_id: str) -> PassageView:
    with live.snapshot() as snapshot:
        return PassageView.of(snapshot.passage(passage_id), snapshot.generation)
