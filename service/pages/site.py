# ruff: noqa: N818  (the names say what happened)
"""What all pages share: the template engine, the reader's language and theme, problems as pages."""

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import Response

from service.api.problems import request_id
from service.errors import ServiceError
from service.pages.texts import TEXTS, Texts
from service.questions import Language
from service.security.principals import NOBODY
from service.wording import ASPECT_LABELS, STATUS_LABELS

LANGUAGE_COOKIE, THEME_COOKIE = "jmedqa_lang", "jmedqa_theme"
THEMES = ("auto", "light", "dark", "contrast")
LETTERS: dict[Language, dict[str, str]] = {
    "ja": {"verified": "確", "unverified": "未", "contradicted": "違"},
    "en": {"verified": "=", "unverified": "?", "contradicted": "≠"},
}
"""A letter beside the colour: one of twelve men cannot tell red from green."""

_YEAR_S = 31_536_000
_HEADERS = {"Cache-Control": "no-store", "Vary": "Cookie, HX-Request"}
_SIDE: dict[Language, int] = {"ja": 0, "en": 1}

_environment = Environment(
    loader=PackageLoader("service.pages"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["path"] = lambda text: quote(str(text), safe="")
_environment.globals.update(version=version("jmedqa"))

router = APIRouter(include_in_schema=False)


class NoSuchPage(ServiceError):
    """An address without a page."""

    code = "not-found"
    status = 404

    def __init__(self) -> None:
        super().__init__("このアドレスには何もありません。", "There is nothing at this address.")


def language(request: Request) -> Language:
    """The reader's choice; Japanese where there is none."""
    return "en" if request.cookies.get(LANGUAGE_COOKIE) == "en" else "ja"


def texts(request: Request) -> Texts:
    """The words of the reader's language."""
    return TEXTS[language(request)]


def rendered(request: Request, template: str, **values: Any) -> str:
    """A page, or a part of one, as HTML; every value is escaped."""
    chosen = language(request)
    side = _SIDE[chosen]
    theme = request.cookies.get(THEME_COOKIE)
    caller = request.scope.get("state", {}).get("principal", NOBODY)
    return _environment.get_template(template).render(
        t=TEXTS[chosen],
        lang=chosen,
        theme=theme if theme in THEMES else "auto",
        themes=THEMES,
        letters=LETTERS[chosen],
        here=request.url.path,
        caller=caller,
        may=caller.scopes.__contains__,
        said=lambda notice: notice.ja if chosen == "ja" else notice.en,
        status_label=lambda status: STATUS_LABELS[status][side],
        aspect_label=lambda aspect: ASPECT_LABELS[aspect][side],
        **values,
    )


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The same as a response. Answers hold what someone asked: nothing keeps them on the way."""
    return HTMLResponse(rendered(request, template, **values), status, _HEADERS)


def problem_page(request: Request, error: ServiceError) -> HTMLResponse:
    """A service error for a reader: what is wrong, the cure, and the number to report."""
    template = "_problem.html" if is_part(request) else "problem.html"
    response = page(request, template, error.status, error=error, request_id=request_id(request))
    response.headers.update(getattr(error, "headers", {}))
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def is_part(request: Request) -> bool:
    """Whether a script of ours asks for a part of a page."""
    return request.headers.get("hx-request") == "true"


@router.get("/preferences")
async def preferences(request: Request, lang: str = "", theme: str = "", back: str = "/") -> Response:
    """Keep the language and the theme in cookies, then go back to where the reader was."""
    response = RedirectResponse(own_address(back), 303)
    if lang in get_args(Language):
        _keep(request, response, LANGUAGE_COOKIE, lang)
    if theme in THEMES:
        _keep(request, response, THEME_COOKIE, theme)
    return response


def _keep(request: Request, response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=_YEAR_S, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )


def own_address(address: str) -> str:
    """The path of this server that was named, never another server."""
    parts = urlsplit(address.replace("\\", "/"))
    plain = parts.path.startswith("/") and not parts.path.startswith("//")
    if parts.scheme or parts.netloc or not plain or not address.isprintable():
        return "/"
    return quote(parts.path, safe="/%") + (f"?{quote(parts.query, safe='=&%+')}" if parts.query else "")


def mount_static(app: FastAPI) -> None:
    """Serve the style sheet and the scripts."""
    app.mount("/static", StaticFiles(directory=Path(str(files("service.pages") / "static"))), name="static")
