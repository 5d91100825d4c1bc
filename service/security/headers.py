"""What browsers are told with every reply.

The content security policy lets a page use this server and nothing else: no inline code, no frames, no other
host. Swagger's page of the API needs inline code, so it alone gets the hash of what it holds.
"""

from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.security.settings import SecuritySettings

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "report-uri /csp-reports"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Nothing of an address leaves this site. Not no-referrer: a form would be sent with "Origin: null", and
    # `service.security.browsers` could not tell it from another site's.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",  # for browsers older than frame-ancestors
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
HSTS = "max-age=31536000"
_NO_STORE = (b"cache-control", b"no-store")


class SecurityHeaders:
    """Pure ASGI, outermost: replies to bugs carry them too. A header that an endpoint has set stays."""

    def __init__(self, app: ASGIApp, settings: SecuritySettings) -> None:
        self._app = app
        headers = HEADERS | ({"Strict-Transport-Security": HSTS} if settings.hsts else {})
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def tagged(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                named = {name.lower() for name, _ in given}
                added = [pair for pair in self._headers if pair[0] not in named]
                if _NO_STORE[0] not in named and scope["path"].startswith(("/api/", "/v1/", "/mcp")):
                    added.append(_NO_STORE)
                message = {**message, "headers": [*given, *added]}
            await send(message)

        await self._app(scope, receive, tagged)


class _Inline(HTMLParser):
    """Collects the text of script elements without ``src``."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and "src" not in dict(attrs)
        if self._inside:
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = False


def page_policy(html: str, *, inline_styles: bool = False) -> str:
    """`CONTENT_POLICY` that also allows the scripts written into this page, by their hashes."""
    inline = _Inline()
    inline.feed(html)
    hashes = " ".join(
        f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in inline.scripts
    )
    policy = CONTENT_POLICY.replace("script-src 'self'", f"script-src 'self' {hashes}".rstrip())
    if inline_styles:
        policy = policy.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
    return policy
