"""GET /api/v1/documents and /documents/{id}: what the index holds, document by document."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from indexer import (
    Filters,
    HybridIndex,
    ListedDocument,
    UnknownDocument,
    list_documents,
    one_document,
    passages_of,
)
from service.api.caching import NOT_MODIFIED, etag, not_modified, tagged, unchanged
from service.api.cursors import cursor, place
from service.api.problems import Problem
from service.api.schemas import DocumentView, PassageView
from service.api.state import ServiceState, service_state
from service.errors import BadRequest
from service.live_index import LiveIndex

router = APIRouter(prefix="/api/v1", tags=["evidence"])

State = Annotated[ServiceState, Depends(service_state)]


class UnknownDocumentId(BadRequest):
    """The live index holds no such document."""

    code = "unknown-document"
    status = 404


class DocumentParameters(Filters):
    """The query string of a list of documents; lists are given by repeating a name."""

    limit: int = Field(default=50, ge=1, le=200, description="Documents on a page")
    cursor: str | None = Field(
        default=None, max_length=4_000, description="The `next_cursor` of the page before"
    )

    def filters(self) -> Filters:
        """What the documents must be."""
        return Filters.model_validate({name: getattr(self, name) for name in Filters.model_fields})


class DocumentPage(BaseModel):
    """Documents in id order."""

    generation: str
    items: list[DocumentView]
    next_cursor: str | None = Field(description="Of the page after this; null on the last")


class DocumentWithPassages(DocumentView):
    """A document with a page of its passages, in the order of its text."""

    generation: str
    items: list[PassageView]
    next_cursor: str | None = Field(description="Of the passages after these; null at the end")


@router.get(
    "/documents",
    response_model=DocumentPage,
    responses={**NOT_MODIFIED, **{status: {"model": Problem} for status in (410, 422, 503)}},
    summary="List the documents",
)
async def documents(
    state: State, request: Request, asked: Annotated[DocumentParameters, Query()]
) -> Response:
    """Current editions alone, unless `superseded` asks for others. A cursor holds for one generation: 410
    says that the index has changed, and the list is to be read again from its start."""
    page = await asyncio.to_thread(_page, state.live, asked)
    tag = etag(page.generation)
    return not_modified(tag) if unchanged(request, tag) else tagged(page, tag)


@router.get(
    "/documents/{doc_id:path}",
    response_model=DocumentWithPassages,
    responses={**NOT_MODIFIED, **{status: {"model": Problem} for status in (404, 410, 422, 503)}},
    summary="Read a document's passages",
)
async def document(
    state: State,
    request: Request,
    doc_id: str,
    limit: Annotated[int, Query(ge=1, le=500, description="Passages on a page")] = 100,
    cursor: Annotated[str | None, Query(max_length=4_000)] = None,
) -> Response:
    """What it says of itself, what supersedes it, and its text passage by passage. Percent-encode the id."""
    found = await asyncio.to_thread(_document, state.live, doc_id, limit, cursor)
    tag = etag(found.generation)
    return not_modified(tag) if unchanged(request, tag) else tagged(found, tag)


def _page(live: LiveIndex, asked: DocumentParameters) -> DocumentPage:
    filters = asked.filters()
    canonical = f"documents {filters.model_dump_json()}"
    with live.index() as index:
        after = None if asked.cursor is None else place(asked.cursor, index.generation, canonical)
        found = list_documents(index, filters, after=after, limit=asked.limit + 1)
        shown = found[: asked.limit]
        more = len(found) > asked.limit
        return DocumentPage(
            generation=index.generation,
            items=[DocumentView.of(one) for one in shown],
            next_cursor=cursor(index.generation, canonical, shown[-1].document.doc_id) if more else None,
        )


def _document(live: LiveIndex, doc_id: str, limit: int, given: str | None) -> DocumentWithPassages:
    canonical = f"document {doc_id}"
    with live.index() as index:
        listed = _listed(index, doc_id)
        begin = 0 if given is None else _number(place(given, index.generation, canonical))
        passages = passages_of(index, doc_id)
        shown = passages[begin : begin + limit]
        more = len(passages) > begin + limit
        return DocumentWithPassages(
            **dict(DocumentView.of(listed)),
            generation=index.generation,
            items=[PassageView.of(stored, index.generation) for stored in shown],
            next_cursor=cursor(index.generation, canonical, str(begin + limit)) if more else None,
        )


def _listed(index: HybridIndex, doc_id: str) -> ListedDocument:
    try:
        return one_document(index, doc_id)
    except UnknownDocument:
        raise UnknownDocumentId(
            "その文書は現在の索引にありません。一覧(/api/v1/documents)でIDを確かめてください。",
            "The live index holds no such document: see /api/v1/documents for those it has.",
        ) from None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0
