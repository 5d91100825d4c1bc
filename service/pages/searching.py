"""The search page: the fused ranking, or the arms side by side, and why each hit is there."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from indexer import Filters, InvalidQuery, Mode
from service.api.schemas import PassageView
from service.api.state import ServiceState, service_state
from service.audit.notes import note_query
from service.errors import BadRequest, ServiceError
from service.live_index import LiveIndex
from service.pages.site import page
from service.questions import MAX_QUERY_CHARS

router = APIRouter(include_in_schema=False)

State = Annotated[ServiceState, Depends(service_state)]

SIDE_BY_SIDE: tuple[Mode, ...] = ("hybrid", "lexical", "bigram", "dense")
_SHOWN, _COUNTED, _EXCERPT = 10, 100, 140


@dataclass(frozen=True)
class HitView:
    """A hit, with the query's words it holds and where each arm ranks it (``None``: not in its depth)."""

    passage: PassageView
    excerpt: str
    matched: tuple[str, ...]
    ranks: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class Column:
    """One arm's hits."""

    mode: Mode
    hits: tuple[HitView, ...]


@dataclass(frozen=True)
class Facet:
    """A tag among the first hundred hits, and the address of the search narrowed (or widened) by it."""

    tag: str
    count: int
    chosen: bool
    address: str


@dataclass(frozen=True)
class Found:
    """What the page shows of one search."""

    columns: tuple[Column, ...] = ()
    facets: tuple[Facet, ...] = ()
    expansions: tuple[str, ...] = ()


@router.get("/search")
async def search(
    request: Request,
    state: State,
    q: str = "",
    side: bool = False,
    reviewed: bool = False,
    superseded: bool = False,
    tag: str = "",
) -> Response:
    """The form, and the hits if there is a query."""
    q = " ".join(q.split())
    values = {
        "q": q,
        "side": side,
        "reviewed": reviewed,
        "superseded": superseded,
        "error": None,
        "request_id": request.scope.get("state", {}).get("request_id", ""),
    }
    found = Found()
    if q:
        filters = Filters(
            unreviewed=False if reviewed else None,
            superseded="include" if superseded else "exclude",
            tags=(tag,) if tag else None,
        )
        kept = {name: "true" for name in ("side", "reviewed", "superseded") if values[name]}
        try:
            if len(q) > MAX_QUERY_CHARS:
                raise BadRequest(
                    f"検索語は{MAX_QUERY_CHARS}文字までです。", f"At most {MAX_QUERY_CHARS} characters."
                )
            modes = SIDE_BY_SIDE if side else SIDE_BY_SIDE[:1]
            note_query(q, state.live.state.generation)
            found = await asyncio.to_thread(_found, state.live, q, modes, filters, kept, tag)
        except ServiceError as error:
            values["error"] = error
    return page(
        request,
        "search.html",
        status=values["error"].status if isinstance(values["error"], ServiceError) else 200,
        columns=found.columns,
        facets=found.facets,
        expansions=found.expansions,
        **values,
    )


def _found(
    live: LiveIndex, q: str, modes: tuple[Mode, ...], filters: Filters, kept: dict[str, str], tag: str
) -> Found:
    with live.index() as index:
        try:
            results = [index.search(q, _COUNTED, filters, mode) for mode in modes]
        except InvalidQuery:
            raise BadRequest("この検索語では検索できません。", "This query cannot be searched for.") from None
        fused = results[0]
        ranks = {
            arm.name: {hit.passage_id: rank for rank, hit in enumerate(arm.hits, start=1)}
            for arm in fused.arms
        }
        columns = []
        for mode, result in zip(modes, results, strict=True):
            hits = []
            for hit in result.hits[:_SHOWN]:
                stored = PassageView.of(index.passage(hit.passage_id), index.generation)
                matched = tuple(result.matched_terms.get(hit.passage_id, ()))
                told = tuple((arm, by.get(hit.passage_id)) for arm, by in ranks.items())
                hits.append(HitView(stored, _excerpt(stored.text), matched, told if mode == "hybrid" else ()))
            columns.append(Column(mode, tuple(hits)))
        tags: Counter[str] = Counter()
        for hit in fused.hits:
            tags.update(index.passage(hit.passage_id).tags)
    if tag:
        tags[tag] += 0
    facets = tuple(
        Facet(
            name,
            count,
            name == tag,
            "/search?" + urlencode({"q": q, **kept} | ({} if name == tag else {"tag": name})),
        )
        for name, count in sorted(tags.items(), key=lambda one: (-one[1], one[0]))[:12]
    )
    return Found(tuple(columns), facets, tuple(fused.expansions))


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _EXCERPT else flat[:_EXCERPT] + "…"
