# ruff: noqa: N818  (the names say what happened)
"""What a reader sees of a refusal: the sign-in page or a problem page, where a program gets problem JSON."""

from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.api.problems import BadBody
from service.audit.notes import note_error
from service.errors import BadRequest, ServiceError
from service.pages.site import NoSuchPage, is_part, problem_page
from service.security.browsers import INTERFACES
from service.security.errors import NotSignedIn
from service.security.gate import refusal

_Handler = Callable[[Request, Any], Awaitable[Response]]


class UnreadBody(ServiceError):
    """A form that is too long, or came too slowly."""

    def __init__(self, error: BadBody) -> None:
        self.code, self.status = error.code, error.status_code  # type: ignore[misc]
        super().__init__(error.ja, error.en)


def wants_page(request: Request) -> bool:
    """Whether a reader's browser asks, not a program."""
    if request.url.path.startswith((*INTERFACES, "/docs", "/static/", "/openapi", "/metrics")):
        return False
    return is_part(request) or "text/html" in request.headers.get("accept", "")


def refused(request: Request, error: ServiceError) -> Response:
    """Of the gate: who has not signed in is led to where that is done, and back."""
    if not wants_page(request):
        return refusal(request, error)
    note_error(error.code)
    if isinstance(error, NotSignedIn) and not is_part(request):
        back = request.url.path if request.method == "GET" else "/"
        if request.method == "GET" and request.url.query:
            back += f"?{request.url.query}"
        return RedirectResponse(f"/signin?next={quote(back, safe='')}", 303, {"Cache-Control": "no-store"})
    return problem_page(request, error)


def install_page_problems(app: FastAPI) -> None:
    """Problems of the pages as pages. After `install_problem_handlers`, whose JSON all others still get."""
    for kind, shown in (
        (HTTPException, _of_http),
        (BadBody, _of_body),
        (RequestValidationError, _of_fields),
        (ServiceError, _of_service),
    ):
        app.add_exception_handler(kind, _for_readers(shown, cast("_Handler", app.exception_handlers[kind])))


def _for_readers(shown: Callable[[Any], ServiceError], plain: _Handler) -> _Handler:
    async def handled(request: Request, error: Any) -> Response:
        if not wants_page(request):
            return await plain(request, error)
        found = shown(error)
        note_error(found.code)
        return problem_page(request, found)

    return handled


def _of_service(error: ServiceError) -> ServiceError:
    return error


def _of_http(error: HTTPException) -> ServiceError:
    if error.status_code in (404, 405):
        return NoSuchPage()
    return _of_fields(error)


def _of_body(error: BadBody) -> ServiceError:
    return UnreadBody(error)


def _of_fields(error: Exception) -> ServiceError:
    """Not what was sent: it may hold half a character, or a name."""
    return BadRequest("要求の内容に誤りがあります。", "The request is not valid.")
