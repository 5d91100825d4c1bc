"""Read request bodies strictly: bounded in size and time, and JSON as RFC 8259 has it.

Python's reader also takes NaN, Infinity, 1e999 (as infinity) and repeated keys; each is refused here, in
one place, so that no endpoint meets a value it cannot write back.
"""

import asyncio
import json
import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from service.api.problems import BadBody

_READ_OUT = 8
"""A body up to so many times the limit is read to its end and dropped: a client that is still sending when
the connection closes sees a reset, not the reason."""


class StrictRequest(Request):
    """A request whose body keeps to the limits in ``app.state.settings.server``."""

    async def body(self) -> bytes:
        """The whole body.

        Raises:
            BadBody: 413 above the limit, 408 when it does not arrive in time.
        """
        if not hasattr(self, "_body"):
            server = self.app.state.settings.server
            try:
                async with asyncio.timeout(server.body_timeout_s):
                    self._body = await self._read(server.max_body_bytes)
            except TimeoutError:
                raise BadBody(
                    408,
                    "slow-body",
                    "要求の本文が時間内に届きませんでした。",
                    "The body did not arrive in time.",
                ) from None
            except ClientDisconnect:
                raise BadBody(
                    400, "cut-body", "要求の本文が途中で切れました。", "The body was cut off."
                ) from None
        return self._body

    async def json(self) -> Any:
        """The body as JSON values.

        Raises:
            BadBody: 400 where it is not JSON.
        """
        try:
            text = (await self.body()).decode("utf-8")
            return json.loads(
                text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_distinct
            )
        except (ValueError, RecursionError):
            raise BadBody(
                400,
                "bad-json",
                "本文がJSON(UTF-8)として正しくありません。NaN、無限大、重複した項目名は使えません。",
                "The body is not valid JSON in UTF-8. NaN, infinite numbers and repeated names are refused.",
            ) from None

    async def _read(self, limit: int) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in self.stream():
            size += len(chunk)
            if size <= limit:
                chunks.append(chunk)
            elif size > _READ_OUT * limit:
                break
        if size > limit:
            raise _too_large(limit)
        return b"".join(chunks)


class StrictRoute(APIRoute):
    """Routes that read their body by `StrictRequest` and take JSON only."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler on our request."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            if request.method == "POST":
                media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
                if media_type != "application/json":
                    raise BadBody(
                        415,
                        "not-json",
                        "Content-Type は application/json としてください。",
                        "Send the body as Content-Type: application/json.",
                    )
            return await handler(StrictRequest(request.scope, request.receive))

        return strict


def _too_large(limit: int) -> BadBody:
    return BadBody(
        413,
        "too-large",
        f"要求の本文が大きすぎます(上限 {limit} バイト)。",
        f"The body is larger than {limit} bytes.",
    )


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("repeated name")
    return value
