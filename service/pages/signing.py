# ruff: noqa: N818  (the names say what happened)
"""Signing in with a key in a browser, and out again."""

from typing import Annotated, cast

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from service.api.state import ServiceState
from service.errors import ServiceError
from service.pages.bodies import FormRoute
from service.pages.site import NoSuchPage, own_address, page
from service.security import code_flow
from service.security.browsers import SESSION_COOKIE
from service.security.errors import NotSignedIn
from service.security.settings import OidcSettings
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


class TokenTooLong(ServiceError):
    """Browsers would drop the cookie."""

    code = "token-too-long"
    status = 502

    def __init__(self) -> None:
        super().__init__(
            f"認証サーバーのトークンが長すぎます({_MAX_COOKIE}文字まで)。トークンに含める項目を減らしてください。",
            f"The sign-in server's token is longer than {_MAX_COOKIE} characters: let it hold fewer claims.",
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
    _keep(request, response, key)
    return response


@router.get("/signin/start")
async def start_elsewhere(request: Request, next: str = "/") -> Response:
    """Send the reader to the sign-in server."""
    settings = _oidc(request)
    address, pending = code_flow.started(settings, own_address(next))
    response = RedirectResponse(address, 303, {"Cache-Control": "no-store"})
    response.set_cookie(
        code_flow.PENDING_COOKIE,
        pending.cookie(),
        max_age=code_flow.PENDING_S,
        path="/signin",
        httponly=True,
        samesite="lax",  # it must come along when the other site sends the reader back
        secure=request.url.scheme == "https",
    )
    return response


@router.get("/signin/callback")
async def come_back(request: Request, state: str = "", code: str = "") -> Response:
    """The reader is back with a code: fetch the token, check it, keep it as a key is kept.

    Answered by a page that goes on by itself: a redirect would still count as the other site's request, with
    which browsers send no ``SameSite=Strict`` cookie.
    """
    settings = _oidc(request)
    back = "/"
    try:
        pending = code_flow.Pending.of(request.cookies.get(code_flow.PENDING_COOKIE, ""))
        back = pending.back
        token = await code_flow.finished(settings, pending, state, code)
        if len(token) > _MAX_COOKIE:
            raise TokenTooLong
        await cast("SignIn", request.app.state.sign_in).known(token)
    except NotSignedIn:
        return _form(request, back, code_flow.SignInFailed())
    except ServiceError as error:
        return _form(request, back, error)
    response = page(request, "signedin.html", next=own_address(back))
    _keep(request, response, token)
    response.delete_cookie(code_flow.PENDING_COOKIE, path="/signin", httponly=True, samesite="lax")
    return response


@router.post("/signout")
async def sign_out(request: Request) -> Response:
    """Forget the key."""
    response = RedirectResponse("/signin", 303)
    response.delete_cookie(
        SESSION_COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return response


def _keep(request: Request, response: Response, credential: str) -> None:
    response.set_cookie(
        SESSION_COOKIE, credential, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


def _state(request: Request) -> ServiceState:
    return cast("ServiceState", request.app.state.service)


def _oidc(request: Request) -> OidcSettings:
    settings = _state(request).settings.oidc
    if not settings.client_id:
        raise NoSuchPage
    return settings


def _form(request: Request, next: str, error: ServiceError | None = None) -> Response:
    return page(
        request,
        "signin.html",
        error.status if error else 200,
        next=own_address(next),
        elsewhere=bool(_state(request).settings.oidc.client_id),
        error=error,
        request_id=str(request.scope["state"].get("request_id", "-")),
    )
