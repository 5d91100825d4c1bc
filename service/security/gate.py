"""Lets a request in or turns it away, before anything of its body is parsed."""

import asyncio
from collections.abc import Callable, Mapping

import structlog
from starlette._utils import get_route_path  # the router's own: both must see the same path
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import problem
from service.errors import ServiceError
from service.security.browsers import check_origin
from service.security.errors import NotAllowed, NotSignedIn, TooManyRequests
from service.security.policy import needed
from service.security.principals import NOBODY, Principal
from service.security.rates import Allowance, Rates
from service.security.signing_in import SignIn

log = structlog.get_logger(__name__)

_DRAINED = 1_048_576
_DRAIN_S = 2.0
"""What is read of a refused request's body: a close on unread data would reset the reply away. Not more, or
refusing would be work."""


class Gate:
    """Pure ASGI. Puts the `Principal` into ``scope["state"]["principal"]``, its owner into ``"owner"``."""

    def __init__(
        self,
        app: ASGIApp,
        sign_in: SignIn,
        rates: Rates,
        refuse: "Callable[[Request, ServiceError], Response] | None" = None,
    ) -> None:
        self._app = app
        self._sign_in = sign_in
        self._rates = rates
        self._refuse = refuse or refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "websocket":  # nothing here uses one
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            allowance = await self._admitted(scope)
        except ServiceError as error:
            log.warning("request refused", code=error.code, status=error.status)
            await _drain(scope, receive)
            await self._refuse(Request(scope), error)(scope, receive, send)
            return
        await self._app(scope, receive, _with_headers(send, allowance.headers) if allowance else send)

    async def _admitted(self, scope: Scope) -> Allowance | None:
        path = get_route_path(scope)
        scopes = needed(scope["method"], path)
        check_origin(Headers(scope=scope), scope["method"], path)
        if not scopes:
            _introduce(scope, await self._known(scope))
            return None
        caller = await self._sign_in.caller(Headers(scope=scope))
        if caller is None:
            raise NotSignedIn(presented=False)
        _introduce(scope, caller)  # also to the audit log, where it is turned away
        allowance = None
        if caller.rate_per_minute is not None:
            allowance = self._rates.take(caller.owner, caller.rate_per_minute)
            if not allowance.granted:
                raise TooManyRequests(allowance)
        if not caller.scopes.issuperset(scopes):
            raise NotAllowed(scopes)
        return allowance

    async def _known(self, scope: Scope) -> Principal:
        """Of an open route: who calls if that can be told, else someone without any scope."""
        try:
            return await self._sign_in.caller(Headers(scope=scope)) or NOBODY
        except ServiceError:
            return NOBODY


def _introduce(scope: Scope, caller: Principal) -> None:
    scope.setdefault("state", {}).update(principal=caller, owner=caller.owner)


def refusal(request: Request, error: ServiceError) -> Response:
    """The error as a problem, with the headers that belong to it."""
    headers: dict[str, str] = dict(getattr(error, "headers", {}))
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, TooManyRequests):
        headers |= error.allowance.headers
    return problem(request, error.status, error.code, error.ja, error.en, headers=headers)


def _with_headers(send: Send, headers: Mapping[str, str]) -> Send:
    async def tagged(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": list(message.get("headers", []))}
            MutableHeaders(raw=message["headers"]).update(headers)
        await send(message)

    return tagged


async def _drain(scope: Scope, receive: Receive) -> None:
    if scope["method"] in ("GET", "HEAD"):
        return
    size = 0
    try:
        async with asyncio.timeout(_DRAIN_S):
            while size <= _DRAINED:
                message = await receive()
                size += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
    except TimeoutError:
        return
