"""One entry for each request that needs a scope, refused ones too."""

from typing import Any

from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.audit.chain import AuditKeys
from service.audit.notes import Note, current
from service.audit.recorder import AuditUnavailable, Recorder
from service.security.gate import refusal
from service.security.policy import needed, pattern
from service.security.principals import Principal
from service.security.rates import Rates

STRANGERS_PER_MINUTE = 60
"""Entries for requests without a good credential: anyone could fill the disk with them."""


class Audited:
    """Pure ASGI, around the gate."""

    def __init__(self, app: ASGIApp, recorder: Recorder) -> None:
        self._app = app
        self._recorder = recorder
        self._strangers = Rates()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not needed(scope["method"], get_route_path(scope)):
            await self._app(scope, receive, send)
            return
        try:
            self._recorder.check()
        except AuditUnavailable as error:
            await refusal(Request(scope), error)(scope, receive, send)
            return
        note, status, whole = Note(), 0, False
        token = current.set(note)

        async def seen(message: Message) -> None:
            nonlocal status, whole
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                whole = True
            await send(message)

        try:
            await self._app(scope, receive, seen)
        finally:
            current.reset(token)
            self._record(scope, note, status, whole)

    def _record(self, scope: Scope, note: Note, status: int, whole: bool) -> None:
        caller = scope.get("state", {}).get("principal")
        if caller is None and not self._strangers.take("strangers", STRANGERS_PER_MINUTE).granted:
            return
        audit = self._recorder.audit
        entry = {"at": audit.stamp(), **_request(scope, caller), "status": status or 500}
        entry |= _asked(note, audit.keys, text=audit.settings.text)
        entry["outcome"] = note.code or (note.outcome if whole else "cut") or None
        self._recorder.record(entry)


def _request(scope: Scope, caller: Principal | None) -> dict[str, Any]:
    client = scope.get("client")
    return {
        "request_id": scope.get("state", {}).get("request_id"),
        "who": caller.owner if caller else "unknown",
        "name": caller.name if caller and caller.kind != "local" else None,
        "address": client[0] if client else None,
        "method": scope["method"],
        "route": pattern(scope["method"], get_route_path(scope)),
    }


def _asked(note: Note, keys: AuditKeys, *, text: bool) -> dict[str, Any]:
    return {
        "asked": (note.asked if text else [keys.question(one) for one in note.asked]) or None,
        "generation": note.generation,
        "model": note.model,
        "prompt_version": note.prompt_version,
        "strategy": note.strategy,
    }
