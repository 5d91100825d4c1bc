"""What a browser sends of itself: the cookie it was given at sign-in, and which site had it send a request.

A browser adds its cookies to whatever any page makes it send, and reaches this machine where its owner need
not sign in: so what changes something is done only for this server's own pages. `Sec-Fetch-Site` (W3C Fetch
Metadata) says whose page it was; browsers leave it out over plain HTTP, where `Origin` has to tell.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from service.security.errors import ForeignPage

SESSION_COOKIE = "jmedqa_key"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
INTERFACES = ("/api/", "/v1/", "/mcp")
"""Called by programs. They take JSON, which a page of another site cannot send unasked (CORS)."""


def cookie_credential(headers: Headers) -> str | None:
    """The credential that a browser keeps."""
    return cookie_parser(headers.get("cookie", "")).get(SESSION_COOKIE) or None


def check_origin(headers: Headers, method: str, path: str) -> None:
    """Let only this server's pages change anything in a browser.

    With the cookie a request must say that it is of the same origin; without, it must not say otherwise.

    Raises:
        ForeignPage: If another site's page sent it, or may have.
    """
    if method in SAFE_METHODS or "authorization" in headers:
        return
    signed = cookie_credential(headers) is not None
    if not signed and path.startswith(INTERFACES):
        return
    own = _same_origin(headers)
    if own is False or (signed and own is None):
        raise ForeignPage


def _same_origin(headers: Headers) -> bool | None:
    """``None`` where the request does not tell."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")  # none: typed by the reader, or a reload
    origin = headers.get("origin")
    if origin is None:
        return None
    host = headers.get("host", "")
    return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
