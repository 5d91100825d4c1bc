"""Adding a document: the form on the documents page, and the report of what a file gave."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from corpora.kinds import READABLE
from indexer import Filters, list_documents
from service.api.state import ServiceState, service_state
from service.audit.notes import note_upload
from service.errors import IndexUnavailable
from service.live_index import LiveIndex
from service.pages.site import page
from service.settings import Settings
from service.sources.errors import UploadsOff
from service.sources.names import clean_name
from service.sources.places import upload_place
from service.sources.receiving import receive
from service.sources.taking import Taken, incoming, read_ledger, take, translated

log = structlog.get_logger(__name__)

router = APIRouter(include_in_schema=False)

State = Annotated[ServiceState, Depends(service_state)]


@router.post("/documents")
async def upload(request: Request, state: State) -> Response:
    """Take a file into the upload folder, if it can be read, and say what it gave."""
    uploads = state.settings.uploads
    place = await asyncio.to_thread(upload_place, state.settings)
    with incoming(place) as own:
        arrived = own / "arrived"
        with translated(), arrived.open("xb") as file:
            form = await receive(request, file, uploads.max_bytes, uploads.body_timeout_s)
        name = clean_name(form.name or "", place.corpus.exclude)
        note_upload(name, form.sha256, "upload-refused")

        def taken() -> Taken:
            with translated():
                return take(
                    place,
                    own,
                    arrived,
                    name,
                    form.sha256,
                    replace=form.fields.get("replace") == "true",
                    seconds=uploads.read_timeout_s,
                    holder=lambda doc_ids, final: _holder(state.live, doc_ids, final),
                )

        async with state.taking:
            done = await asyncio.to_thread(taken)
    if done.taken:
        note_upload(name, form.sha256, "replaced" if done.replaced else "uploaded")
    log.info("upload", taken=done.taken, replaced=done.replaced, bytes=form.size)
    return page(request, "uploaded.html", 201 if done.taken else 422, done=done, size=form.size)


def upload_form(settings: Settings, live: LiveIndex) -> dict[str, object]:
    """What the form shows: where files go, or why they cannot; which files wait for a rebuild. Blocks."""
    try:
        place = upload_place(settings)
    except UploadsOff as error:
        return {"uploads_off": error}
    ledger = read_ledger(place.folder)
    firsts = {of.doc_ids[0]: (name, of.sha256) for name, of in ledger.files.items() if of.doc_ids}
    indexed = set()
    for doc_id, (path, sha256, whole) in _origins(live, tuple(firsts)).items():
        name, expected = firsts[doc_id]
        if path == place.folder / name and (not whole or sha256 == expected):
            indexed.add(name)
    waiting = [name for name, _ in firsts.values() if name not in indexed]
    return {
        "uploads_off": None,
        "waiting": sorted(waiting)[:20],
        "max_bytes": settings.uploads.max_bytes,
        "readable": READABLE,
    }


def _holder(live: LiveIndex, doc_ids: Sequence[str], final: Path) -> str | None:
    origins = _origins(live, tuple(doc_ids))
    return next((path.name for path, _, _ in origins.values() if path != final), None)


def _origins(live: LiveIndex, doc_ids: tuple[str, ...]) -> dict[str, tuple[Path, str, bool]]:
    """Of those documents that the live index holds: file, hash, and whether the file is the document."""
    if not doc_ids:
        return {}
    try:
        with live.index() as index:
            found = list_documents(index, Filters(doc_ids=doc_ids, superseded="include"), limit=len(doc_ids))
    except IndexUnavailable:  # none yet: this may be its first document
        return {}
    return {
        one.document.doc_id: (Path(origin.path).resolve(), origin.sha256, origin.line is None)
        for one in found
        if (origin := one.document.origin) is not None
    }
