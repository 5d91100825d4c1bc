"""Forms of the pages are bounded as the bodies of the API are: Starlette would keep files of any size."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from service.api.strict_json import StrictRequest


class FormRoute(APIRoute):
    """A route whose body is read within `ServerSettings.max_body_bytes` and in time before it is parsed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler on our request."""
        handler = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            checked = StrictRequest(request.scope, request.receive)
            if request.method == "POST":
                await checked.body()
            return await handler(checked)

        return bounded
