"""The route of a search: its query string is read without FastAPI's general machinery.

FastAPI takes apart the model of a query string anew for each request, which costs more than the search. Here
the same model reads it at once; whatever it refuses goes through FastAPI, which says what is wrong.
"""

from collections.abc import Callable, Coroutine
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.datastructures import QueryParams
from starlette.responses import Response

from service.api.schemas import SearchParameters
from service.api.state import ServiceState, service_parts

Endpoint = Callable[[ServiceState, Request, SearchParameters], Coroutine[Any, Any, Response]]


def _is_list(annotation: Any) -> bool:
    return any(get_origin(part) is tuple for part in (annotation, *get_args(annotation)))


_MANY = frozenset(name for name, field in SearchParameters.model_fields.items() if _is_list(field.annotation))
"""Names that may be repeated."""


def parameters(given: QueryParams) -> SearchParameters | None:
    """What FastAPI would make of the query string; ``None`` where it would refuse it."""
    values: dict[str, Any] = {}
    for name, value in given.multi_items():
        if name in _MANY:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value  # the last one counts
    try:
        return SearchParameters.model_validate(values)
    except ValidationError:
        return None


def search_route(answer: Endpoint) -> type[APIRoute]:
    """A route class whose well-formed requests go straight to ``answer``."""

    class SearchRoute(APIRoute):
        """FastAPI's route, for the description and for the errors."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            """The short way, and FastAPI's own where that refuses."""
            by_fastapi = super().get_route_handler()

            async def read(request: Request) -> Response:
                asked = parameters(request.query_params)
                return await (
                    by_fastapi(request) if asked is None else answer(service_parts(request), request, asked)
                )

            return read

    return SearchRoute
