"""``Idempotency-Key``: a write that is sent twice is done once and answered twice with the same bytes.

After draft-ietf-httpapi-idempotency-key-header. Kept is what was done (2xx); a request that was refused or
failed changed nothing, so its key is free again.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, MutableMapping
from typing import Any

import structlog
from fastapi import Request
from starlette.responses import Response, StreamingResponse

from service.api.strict_json import StrictRequest, StrictRoute
from service.errors import BadRequest
from service.security.principals import principal
from service.state import Idempotency, Replay, StateUnavailable, request_hash

log = structlog.get_logger(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
"""On a reply that was given before."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("content-type", "location", "etag")
_MOST_BYTES = 8_388_608
"""Of a reply that is kept; the key of a larger one is free again."""


class WriteRoute(StrictRoute):
    """Routes whose POST may carry the header."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The strict handler, asked once for each key."""
        handler = super().get_route_handler()

        async def once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if request.method != "POST" or key is None:
                return await handler(request)
            if not _KEY.fullmatch(key):
                raise BadRequest(
                    f"{HEADER} は 1〜255 文字の印字可能なASCII文字としてください。",
                    f"{HEADER} must be 1 to 255 printable ASCII characters.",
                )
            body = await StrictRequest(request.scope, request.receive).body()
            table: Idempotency = request.app.state.service.store.idempotency
            asked = _Once(table, principal(request).owner, key)
            wants = request.headers.get("accept", "")
            before = await table.begin(
                asked.owner, key, request_hash(request.method, f"{request.url.path} {wants}", body)
            )
            if before is not None:
                return _again(before)
            try:
                reply = await handler(Request(request.scope, _replayed(body, request)))
            except BaseException:
                await asked.free()
                raise
            return await asked.keep(reply)

        return once


class _Once:
    """A key that was reserved for the request at hand."""

    def __init__(self, table: Idempotency, owner: str, key: str) -> None:
        self.owner = owner
        self._table = table
        self._key = key

    async def keep(self, reply: Response) -> Response:
        if not 200 <= reply.status_code < 300:
            await self.free()
        elif isinstance(reply, StreamingResponse):
            reply.body_iterator = self._watched(reply, reply.body_iterator)
        else:
            await self._finish(reply, bytes(reply.body))
        return reply

    async def free(self) -> None:
        """Also where the request is being cancelled: a key must not stay reserved for nothing."""
        await asyncio.shield(self._ignoring(self._table.abandon(self.owner, self._key)))

    async def _watched(self, reply: Response, chunks: AsyncIterable[Any]) -> AsyncGenerator[bytes, None]:
        """A stream as it goes by; kept once it has come to its end with an answer."""
        parts: list[bytes] = []
        whole = False
        try:
            async for chunk in chunks:
                parts.append(bytes(chunk))
                yield chunk
            whole = True
        finally:
            close = getattr(chunks, "aclose", None)
            if close is not None:
                await close()
            body = b"".join(part for part in parts if not part.startswith(b":"))
            if whole and _succeeded(body) and len(body) <= _MOST_BYTES:
                await self._finish(reply, body)
            else:
                await self.free()

    async def _finish(self, reply: Response, body: bytes) -> None:
        headers = {name: reply.headers[name] for name in _KEPT_HEADERS if name in reply.headers}
        await asyncio.shield(
            self._ignoring(self._table.finish(self.owner, self._key, reply.status_code, headers, body))
        )

    @staticmethod
    async def _ignoring(writing: Coroutine[Any, Any, None]) -> None:
        try:
            await writing
        except StateUnavailable as error:  # the work is done; its reply is worth more than its record
            log.error("idempotency key not kept", code=error.code)


def _succeeded(body: bytes) -> bool:
    """Whether a stream ended as one that was finished ends: here and under /v1."""
    return b"\nevent: answer\n" in body or body.endswith(b"data: [DONE]\n\n")


def _again(before: Replay) -> Response:
    return Response(before.body, status_code=before.status, headers={**before.headers, REPLAYED: "true"})


def _replayed(body: bytes, request: Request) -> Callable[[], Coroutine[Any, Any, MutableMapping[str, Any]]]:
    """The body once more, then what the connection says."""
    given = False

    async def receive() -> MutableMapping[str, Any]:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await request.receive()

    return receive
