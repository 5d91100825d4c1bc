# ruff: noqa: N818  (the names say what happened)
"""Signing in with a key in a browser, and out again."""

from typing import Annotated, cast

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from service.errors import ServiceError
from service.pages.bodies import FormRoute
from service.pages.site import own_address, page
from service.security.browsers import SESSION_COOKIE
from service.security.errors import NotSignedIn
from service.security.signing_in import SignIn

router = APIRouter(include_in_schema=False, route_class=FormRoute)

_MAX_COOKIE = 3_000
"""Characters of a credential; browsers drop cookies of more than 4096 bytes without a word."""


class WrongKey(ServiceError):
    """A key that opens nothing: which part of it was wrong is not said."""

    code = "not-signed-in"
    status = 401

    def __init__(self) -> None:
        super().__init__(
            "この鍵では入れません。期限や入力の誤りを確かめてください。",
            "This key does not open the door: check its expiry and its spelling.",
        )


@router.get("/signin")
async def sign_in_page(request: Request, next: str = "/") -> Response:
    """The form."""
    return _form(request, next)


@router.post("/signin")
async def sign_in(
    request: Request, key: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "/"
) -> Response:
    """Keep the key in a cookie that no script reads, until the browser is closed.

    The key itself, so that it is refused as soon as it is revoked, and no session outlives it.
    """
    key = key.strip()
    known = cast("SignIn", request.app.state.sign_in)
    try:
        if len(key) > _MAX_COOKIE or not key.isascii() or not key.isprintable() or set(key) & set(' ",;\\'):
            raise NotSignedIn(presented=True)
        if await known.required():
            await known.known(key)
    except NotSignedIn:
        return _form(request, next, WrongKey())
    except ServiceError as error:
        return _form(request, next, error)
    response = RedirectResponse(own_address(next), 303)
    response.set_cookie(
        SESSION_COOKIE, key, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return response


@router.post("/signout")
async def sign_out(request: Request) -> Response:
    """Forget the key."""
    response = RedirectResponse("/signin", 303)
    response.delete_cookie(
        SESSION_COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return response


def _form(request: Request, next: str, error: ServiceError | None = None) -> Response:
    return page(
        request,
        "signin.html",
        error.status if error else 200,
        next=own_address(next),
        error=error,
        request_id=str(request.scope["state"].get("request_id", "-")),
    )
