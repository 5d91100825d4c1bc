"""Which host names are answered.

A page of any site can make its own name lead to 127.0.0.1 (DNS rebinding) and would then be of this server's
origin, also where nobody has to sign in. Its name is still in the ``Host`` header.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.security.errors import UnknownHost
from service.security.gate import refusal
from service.security.settings import SecuritySettings, is_loopback

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class AllowedHosts:
    """Pure ASGI."""

    def __init__(self, app: ASGIApp, settings: SecuritySettings, host: str) -> None:
        self._app = app
        self._hosts = settings.allowed_hosts or (_THIS_MACHINE if is_loopback(host) else ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and self._hosts and not _answers_for(scope, self._hosts):
            await refusal(Request(scope), UnknownHost())(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _answers_for(scope: Scope, hosts: Sequence[str]) -> bool:
    given = [value for name, value in scope["headers"] if name == b"host"]
    if len(given) != 1:
        return False
    name = _without_port(given[0].decode("latin-1").lower())
    return any(
        name == host.lower() or (host.startswith("*.") and name.endswith(host[1:].lower())) for host in hosts
    )


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host
