"""Give every request an id, log one line about it, and count it."""

import asyncio
import re
import traceback
import uuid
from pathlib import Path
from time import perf_counter

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.metrics import Metrics
from service.api.problems import bug, shutting_down

log = structlog.get_logger(__name__)

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestContext:
    """Pure ASGI, so that streams pass through unbuffered and a disconnect reaches the endpoint.

    A caller's own ``X-Request-ID`` is kept if it is plain. The line holds the route's pattern, never the
    address asked for: its query string is the question.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("ascii", "replace")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = perf_counter()
        status = 0
        sent = False

        async def tagged(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status, sent = message["status"], True
                tag = (b"x-request-id", request_id.encode())
                message = {**message, "headers": [*message.get("headers", []), tag]}
            await send(message)

        try:
            await self._app(scope, receive, tagged)
        except asyncio.CancelledError:
            # Only the end of the drain cancels a request. An answer that was begun breaks off: its connection
            # is closed without the last chunk, so nobody takes it for whole.
            log.warning("request cut at the end of the drain")
            if not sent:
                await shutting_down(Request(scope))(scope, receive, tagged)
        except Exception as error:
            # Where, but not what: an exception's text can hold what was asked.
            frames = traceback.extract_tb(error.__traceback__)[-6:]
            where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
            log.error("bug", exc_type=type(error).__qualname__, where=where)
            if sent:
                raise ConnectionAbortedError from None  # a whole-looking end would be a lie
            await bug(Request(scope))(scope, receive, tagged)
        finally:
            seconds = perf_counter() - started
            route = _route(scope)
            self._metrics.request(scope["method"], route, status, seconds)
            log.info("request", method=scope["method"], route=route, status=status, seconds=round(seconds, 4))


def _route(scope: Scope) -> str:
    """The route's pattern; of a plain endpoint its name. Never what was asked for."""
    endpoint = scope.get("endpoint")
    name = getattr(endpoint, "__name__", type(endpoint).__name__)
    return getattr(scope.get("route"), "path", "unmatched" if endpoint is None else name)
