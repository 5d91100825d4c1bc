"""The file a document was read from, and the page that shows a PDF with the cited place boxed."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import FileResponse, Response

from corpora.documents import touching
from service.api.documents import document_view
from service.api.passages import read_passage
from service.api.schemas import PassageView
from service.api.state import ServiceState, service_state
from service.pages.site import page
from service.sources.errors import NoOriginal
from service.sources.originals import original

router = APIRouter(include_in_schema=False)

State = Annotated[ServiceState, Depends(service_state)]

_HEADERS = {
    "Cache-Control": "private, no-store",
    # It is saved, never opened as a page of this site, whatever it holds.
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
}

# Not below /documents/{doc_id}: ids are paths, and one may end in any word.


@router.get("/files/{doc_id:path}")
async def original_file(state: State, doc_id: str) -> Response:
    """The original, as it was indexed; ranges as the browser asks for them."""
    found = await asyncio.to_thread(original, state.live, state.settings, doc_id)
    await asyncio.to_thread(found.check)
    media_type = "application/pdf" if found.is_pdf else "application/octet-stream"
    return FileResponse(found.path, headers=_HEADERS, media_type=media_type, filename=found.path.name)


@router.get("/viewer/{doc_id:path}")
async def viewer(
    request: Request,
    state: State,
    doc_id: str,
    passage: str = "",
    start: Annotated[int, Query(ge=0)] = 0,
    end: Annotated[int, Query(ge=0)] = 0,
    number: Annotated[int, Query(ge=1, le=100_000, alias="page")] = 1,
) -> Response:
    """A PDF at a page; characters ``start`` to ``end`` of a passage, or all of it, are boxed."""
    found = await asyncio.to_thread(original, state.live, state.settings, doc_id)
    if not found.is_pdf:
        raise NoOriginal("この文書はPDFではありません。", "This document is no PDF.")
    await asyncio.to_thread(found.check)
    shown = await asyncio.to_thread(document_view, state.live, doc_id, 1, None)
    boxes: list[dict[str, object]] = []
    cited = await asyncio.to_thread(read_passage, state.live, passage) if passage else None
    if cited is not None and cited.doc_id == doc_id:
        boxes = boxes_of(cited, start, end)
        number = next((int(str(box["page"])) for box in boxes), number)
    return page(
        request,
        "viewer.html",
        document=shown,
        boxes=boxes,
        number=number,
        passage=cited,
        start=start,
        end=end,
    )


def boxes_of(passage: PassageView, start: int, end: int) -> list[dict[str, object]]:
    """Pages and boxes of the quotation ``text[start:end]``, or of the whole passage where that is empty."""
    start, end = (start, min(end, len(passage.text))) if end > start else (0, len(passage.text))
    places = touching(passage.locators, passage.start + start, passage.start + end)
    return [{"page": place.page, "box": place.box} for place in places if place.box is not None]
