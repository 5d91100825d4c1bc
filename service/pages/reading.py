"""One passage, with the cited span marked; whole documents."""

import asyncio
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from indexer import Filters
from service.api.documents import DocumentParameters, document_view, documents_page
from service.api.passages import read_passage
from service.api.state import ServiceState, service_state
from service.pages.site import is_part, page
from service.pages.uploading import upload_form
from service.security.principals import principal
from service.sources.originals import shown_original

router = APIRouter(include_in_schema=False)

State = Annotated[ServiceState, Depends(service_state)]


@router.get("/passages/{passage_id:path}")
async def passage(
    request: Request,
    state: State,
    passage_id: str,
    start: Annotated[int, Query(ge=0)] = 0,
    end: Annotated[int, Query(ge=0)] = 0,
    quoted: str = "",
) -> Response:
    """The passage; characters ``start`` to ``end`` of it are marked. A part of a page where a script asks."""
    found = await asyncio.to_thread(read_passage, state.live, passage_id)
    text = found.text
    start, end = min(start, len(text)), min(max(start, end), len(text))
    return page(
        request,
        "_passage.html" if is_part(request) else "passage.html",
        passage=found,
        before=text[:start] if end > start else text,
        quote=text[start:end],
        after=text[end:] if end > start else "",
        quoted=quoted,
        link=web_address(found.source),
        original=await asyncio.to_thread(shown_original, state.live, state.settings, found.doc_id),
        pages=sorted({locator.page for locator in found.locators if locator.page is not None}),
    )


def web_address(source: str | None) -> str | None:
    """The source as a link, if it is an address of the web and nothing else: documents are not trusted."""
    if source is None or any(character.isspace() for character in source):
        return None
    try:
        parts = urlsplit(source)
    except ValueError:
        return None
    return source if parts.scheme in ("http", "https") and parts.hostname and not parts.username else None


@router.get("/documents")
async def documents(
    request: Request, state: State, superseded: bool = False, tag: str = "", cursor: str = ""
) -> Response:
    """What the index holds, in pages."""
    asked = DocumentParameters(
        **Filters(
            superseded="include" if superseded else "exclude", tags=(tag,) if tag else None
        ).model_dump(),
        limit=50,
        cursor=cursor[:4_000] or None,
    )
    found = await asyncio.to_thread(documents_page, state.live, asked)
    folders = groupby(found.items, lambda one: one.doc_id.rpartition("/")[0])
    listed = [(folder, list(documents)) for folder, documents in folders]
    values: dict[str, Any] = {"found": found, "folders": listed, "superseded": superseded, "tag": tag}
    if "admin" in principal(request).scopes:
        values |= await asyncio.to_thread(upload_form, state.settings, state.live)
    return page(request, "documents.html", **values)


@router.get("/documents/{doc_id:path}")
async def document(request: Request, state: State, doc_id: str, cursor: str = "") -> Response:
    """A document, passage by passage."""
    found = await asyncio.to_thread(document_view, state.live, doc_id, 200, cursor[:4_000] or None)
    file = await asyncio.to_thread(shown_original, state.live, state.settings, found.doc_id)
    return page(request, "document.html", document=found, original=file)
