"""Who has to sign in and how, and what browsers are told: ``[auth]``, ``[oidc]`` and ``[security]``."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from corpora import Frozen
from service.state.keys import Scope

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class AuthSettings(Frozen):
    """The ``[auth]`` section.

    Attributes:
        required: ``auto``: from the first key on (expired and revoked ones count), with OIDC, and on every
            address that others can reach. ``never`` leaves the door to whatever stands before this server.
        rate_per_minute: Of a key or token without a rate of its own.
    """

    required: Literal["auto", "always", "never"] = "auto"
    rate_per_minute: int = Field(default=600, ge=1, le=1_000_000)


class OidcSettings(Frozen):
    """The ``[oidc]`` section: bearer tokens (JWT) of a sign-in server; off without ``issuer``.

    Attributes:
        jwks: Its public keys: an address or a file.
        scope_claim: The claim that holds words, as a list or separated by spaces.
        scopes: Word of that claim → scopes it grants; other words grant nothing.
        refresh_s: How old the keys from an address may get.
        client_id: For signing in with a browser (authorization code with PKCE); off without. Needs the
            addresses ``authorize`` and ``token`` of the sign-in server, and ``redirect_uri``, where readers
            reach this one: ``https://…/signin/callback``.
        client_secret: Where the sign-in server wants one beside PKCE.
        ask_for: The words asked for at sign-in (OAuth's ``scope``).
    """

    issuer: str | None = None
    audience: str = "jmedqa"
    jwks: str = ""
    algorithms: tuple[Algorithm, ...] = ("RS256", "ES256")
    scope_claim: str = "scope"
    scopes: dict[str, tuple[Scope, ...]] = Field(
        default={"jmedqa:read": ("read",), "jmedqa:ask": ("ask",), "jmedqa:admin": ("admin",)}
    )
    leeway_s: float = Field(default=60, ge=0, le=300)
    refresh_s: float = Field(default=3_600, ge=1)
    timeout_s: float = Field(default=5, gt=0, le=60)
    client_id: str = ""
    client_secret: str = Field(default="", repr=False)
    authorize: str = ""
    token: str = ""
    redirect_uri: str = ""
    ask_for: str = "openid jmedqa:read jmedqa:ask"

    @field_validator("issuer", mode="before")
    @classmethod
    def _none_if_empty(cls, value: object) -> object:
        return value or None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.issuer is not None and not self.jwks:
            raise ValueError("issuer needs jwks: the address or file of the sign-in server's public keys")
        if self.issuer is not None and not self.algorithms:
            raise ValueError("algorithms is empty: no token could be checked")
        if self.client_id:
            given = {"authorize": self.authorize, "token": self.token, "redirect_uri": self.redirect_uri}
            for name, address in given.items():
                if urlsplit(address).scheme not in ("http", "https"):
                    raise ValueError(f"client_id needs {name}: an address that begins with https://")
            if self.issuer is None:
                raise ValueError("client_id needs issuer and jwks: the tokens are checked with them")
        return self

    @property
    def jwks_file(self) -> Path | None:
        """The keys' file; ``None`` where they have an address."""
        return None if urlsplit(self.jwks).scheme in ("http", "https") else Path(self.jwks)


class SecuritySettings(Frozen):
    """The ``[security]`` section.

    Attributes:
        allowed_hosts: Names in the ``Host`` header that are answered, without port; ``*.example.jp`` for all
            below. Empty: this machine's names on a loopback address, all elsewhere (a name has to be set to
            be checked).
        cors_origins: Origins whose pages may call the API with a key, ``https://…`` each. None by default.
        hsts: Say that this name is only ever reached by HTTPS; for servers behind a proxy that speaks it.
    """

    allowed_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    hsts: bool = False

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+", origin):
                raise ValueError(f"{origin!r} is no origin: write https://HOST or https://HOST:PORT")
        return origins


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
