"""GET /api/v1/search and /api/v1/passages/{id}: the evidence itself, without any model."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from indexer import InvalidQuery, Mode
from service.api.problems import Problem
from service.api.schemas import FoundPassage, PassageView, SearchResponse
from service.api.state import ServiceState, service_state
from service.claims import passage_href
from service.errors import BadRequest
from service.live_index import LiveIndex
from service.questions import MAX_QUERY_CHARS, QueryText

router = APIRouter(prefix="/api/v1", tags=["evidence"])

State = Annotated[ServiceState, Depends(service_state)]


@router.get(
    "/search",
    responses={status: {"model": Problem} for status in (413, 422, 503)},
    summary="Search the index",
)
async def search(
    state: State,
    q: Annotated[QueryText, Query(description=f"1 to {MAX_QUERY_CHARS} characters")],
    k: Annotated[int, Query(ge=1, le=100, description="How many hits")] = 10,
    mode: Annotated[Mode, Query(description="Both arms fused, or one alone")] = "hybrid",
) -> SearchResponse:
    """Passages, best first."""
    return await asyncio.to_thread(_search, state.live, q, k, mode)


@router.get(
    "/passages/{passage_id:path}",
    responses={status: {"model": Problem} for status in (404, 503)},
    summary="Read a passage",
)
async def passage(state: State, passage_id: str) -> PassageView:
    """A passage of the live generation. Percent-encode the id: it may hold `#`, `/` and `:`."""
    return await asyncio.to_thread(_passage, state.live, passage_id)


def _search(live: LiveIndex, query: str, k: int, mode: Mode) -> SearchResponse:
    with live.index() as index:
        try:
            result = index.search(query, k=k, mode=mode)
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
        return SearchResponse(query=query, mode=mode, generation=index.generation, hits=hits)


def _passage(live: LiveIndex, passage_id: str) -> PassageView:
    with live.snapshot() as snapshot:
        return PassageView.of(snapshot.passage(passage_id), snapshot.generation)
