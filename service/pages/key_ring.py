"""The keys page: which there are, a new one (shown once), one turned off."""

import asyncio
from datetime import timedelta
from typing import Annotated, cast, get_args

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from service.api.state import ServiceState, service_state
from service.audit.recorder import Recorder
from service.errors import BadRequest
from service.pages.bodies import FormRoute
from service.pages.site import page
from service.security.keys import new_key
from service.security.principals import principal
from service.state import Scope, StoredKey

router = APIRouter(include_in_schema=False, route_class=FormRoute)

State = Annotated[ServiceState, Depends(service_state)]


@router.get("/keys")
async def keys(request: Request, state: State) -> Response:
    """Every key there was, without its secret."""
    return await _shown(request, state, None)


@router.post("/keys")
async def create(
    request: Request,
    state: State,
    name: Annotated[str, Form()] = "",
    scope: Annotated[list[str] | None, Form()] = None,
    rate: Annotated[str, Form()] = "",
    days: Annotated[str, Form()] = "",
) -> Response:
    """Make a key. This reply, which nothing keeps, is the only one that holds it."""
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise BadRequest("名前は1〜100文字で書いてください。", "The name has 1 to 100 printable characters.")
    scopes = tuple(cast("Scope", one) for one in get_args(Scope) if one in (scope or ()))
    if not scopes:
        raise BadRequest("権限を一つ以上選んでください。", "Choose at least one scope.")
    if "admin" not in scopes and not await state.store.keys.any() and principal(request).kind == "local":
        raise BadRequest(
            "最初のキーには admin を含めてください。含めないと、以後この画面で管理できる人がいなくなります。",
            "The first key needs admin: without it nobody could manage this server here from then on.",
        )
    lifetime = _number(days, "days", 3_650)
    now = state.store.keys.clock()
    key, row = new_key(
        name,
        scopes,
        created_at=now,
        expires_at=None if lifetime is None else now + timedelta(days=lifetime),
        rate_per_minute=_number(rate, "rate", 1_000_000),
    )
    await asyncio.to_thread(state.store.keys.add, row)
    _recorded(request, "key.create", row)
    return await _shown(request, state, key)


@router.post("/keys/{key_id}/revoke")
async def revoke(
    request: Request, state: State, key_id: str, sure: Annotated[bool, Form()] = False
) -> Response:
    """Turn a key off for good, once the reader has said that they are sure."""
    if not sure:
        raise BadRequest("確認の欄に印を付けてください。", "Tick the box to confirm.")
    row = await asyncio.to_thread(state.store.keys.revoke, key_id)
    _recorded(request, "key.revoke", row)
    return RedirectResponse("/keys", 303)


async def _shown(request: Request, state: ServiceState, made: str | None) -> Response:
    rows = await asyncio.to_thread(state.store.keys.all)
    return page(
        request,
        "keys.html",
        keys=rows,
        now=state.store.keys.clock(),
        made=made,
        scopes=get_args(Scope),
        default_rate=state.settings.auth.rate_per_minute,
    )


def _recorded(request: Request, action: str, row: StoredKey) -> None:
    recorder: Recorder | None = request.app.state.recorder
    if recorder:
        entry = {"at": recorder.audit.stamp(), "who": principal(request).owner, "action": action}
        recorder.record({**entry, "key": row.key_id, "name": row.name, "scopes": list(row.scopes)})


def _number(text: str, field: str, most: int) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isascii() or not text.strip().isdigit() or not 1 <= int(text) <= most:
        raise BadRequest(
            f"{field} は1〜{most}の数で書いてください。", f"{field} is a number from 1 to {most}."
        )
    return int(text)
