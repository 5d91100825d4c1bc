"""Puts the parts of `service.security` in front of an application."""

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from service.audit.middleware import Audited
from service.audit.recorder import Recorder
from service.errors import BadSettings
from service.security.gate import Gate
from service.security.hosts import AllowedHosts
from service.security.rates import Rates
from service.security.settings import is_loopback
from service.security.signing_in import SignIn
from service.settings import Settings
from service.state import Store


def install_security(app: FastAPI, settings: Settings, store: Store, recorder: Recorder | None) -> None:
    """From the outside in: host names, origins, the audit log, then the gate."""
    app.add_middleware(Gate, sign_in=SignIn(settings, store), rates=Rates())
    if recorder is not None:
        app.add_middleware(Audited, recorder=recorder)
    if settings.security.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.security.cors_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "Last-Event-ID",
                "X-Request-ID",
            ],
            expose_headers=[
                "X-Request-ID",
                "ETag",
                "Retry-After",
                "RateLimit",
                "RateLimit-Policy",
                "Location",
            ],
            max_age=600,
        )
    app.add_middleware(AllowedHosts, settings=settings.security, host=settings.server.host)


def check_reachable(settings: Settings, store: Store) -> None:
    """Refuse to start where strangers could use the server, or where nobody could.

    Args:
        store: Open.

    Raises:
        BadSettings: With the command that makes a key.
    """
    auth = settings.auth
    if auth.required == "never" or settings.oidc.issuer or store.keys.any_usable():
        return
    if auth.required == "auto" and is_loopback(settings.server.host):
        return
    where = f"server.host = {settings.server.host!r}, auth.required = {auth.required!r}"
    raise BadSettings(
        f"APIキーが一つもありません({where})。`jmedqa key create 名前` でキーを作ってから起動してください。"
        "この計算機だけで使うなら server.host を 127.0.0.1 に、前段の装置が認証するなら auth.required を"
        '"never" にしてください。',
        f"There is no API key that works ({where}): make one with `jmedqa key create NAME` and start again. "
        "For this machine alone set server.host to 127.0.0.1; if something in front of this server asks for "
        'sign-in, set auth.required to "never".',
    )
