"""Bearer tokens of a sign-in server (OpenID Connect): JWTs checked with its public keys (RFC 7519, RFC 9068).

Signatures and claims are PyJWT's work. Here: where the keys come from, that strangers cannot make this server
fetch them without end, and which words grant which scopes.
"""

import asyncio
import json
import re
from time import monotonic
from typing import Any

import httpx
import jwt
import structlog

from service.security.errors import NotSignedIn, SignInUnavailable
from service.security.principals import Principal
from service.security.settings import OidcSettings
from service.state import Scope

log = structlog.get_logger(__name__)

_SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")
"""OpenID Connect Core 1.0, section 2: at most 255 ASCII characters."""
_COOLDOWN_S = 30.0
"""Between fetches for a key id that is not known: anyone can send one."""
_MAX_JWKS_BYTES = 1_048_576


class Tokens:
    """Turns tokens into principals."""

    def __init__(self, settings: OidcSettings, rate_per_minute: int) -> None:
        self._settings = settings
        self._rate = rate_per_minute
        self._jwks = Jwks(settings)

    async def principal(self, token: str) -> Principal:
        """Who the token was made for.

        Raises:
            NotSignedIn: If it is not a good one, for this server, now.
            SignInUnavailable: If the keys to check it cannot be had.
        """
        settings = self._settings
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in settings.algorithms:
                raise NotSignedIn(presented=True)
            key = await self._jwks.key(header.get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(settings.algorithms),
                audience=settings.audience,
                issuer=settings.issuer,
                leeway=settings.leeway_s,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            raise NotSignedIn(presented=True) from None
        subject = claims["sub"]
        if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
            raise NotSignedIn(presented=True)
        return Principal(f"oidc:{subject}", subject, "oidc", self._scopes(claims), self._rate)

    def _scopes(self, claims: dict[str, Any]) -> frozenset[Scope]:
        words = claims.get(self._settings.scope_claim, [])
        if isinstance(words, str):
            words = words.split()
        if not isinstance(words, list):
            return frozenset()
        granted = self._settings.scopes
        return frozenset(scope for word in words if isinstance(word, str) for scope in granted.get(word, ()))


class Jwks:
    """The sign-in server's public keys, kept until they are old or a key is missing among them."""

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def key(self, key_id: object) -> jwt.PyJWK:
        """The key of this id; the only one where the token names none.

        Raises:
            NotSignedIn: If there is no such key.
            SignInUnavailable: If keys were never had and cannot be had now.
        """
        if not isinstance(key_id, str | None):
            raise NotSignedIn(presented=True)
        async with self._lock:
            if self._wanted(key_id):
                await self._refresh()
        if self._read_at is None:
            raise SignInUnavailable(
                "認証サーバーの公開鍵を取得できません。oidc.jwks を確かめてください。",
                "The sign-in server's public keys cannot be had; check oidc.jwks.",
            )
        found = self._found(key_id)
        if found is None:
            raise NotSignedIn(presented=True)
        return found

    def _found(self, key_id: str | None) -> jwt.PyJWK | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _wanted(self, key_id: str | None) -> bool:
        moment = monotonic()
        if self._tried_at is not None and moment - self._tried_at < _COOLDOWN_S:
            return False
        old = self._read_at is None or moment - self._read_at > self._settings.refresh_s
        return old or self._found(key_id) is None

    async def _refresh(self) -> None:
        """Read the keys; those in use stay where that fails."""
        self._tried_at = monotonic()
        try:
            text = await self._text()
            found = jwt.PyJWKSet.from_dict(json.loads(text)).keys
        except (httpx.HTTPError, OSError, ValueError, AttributeError, TypeError, jwt.PyJWTError) as error:
            log.error("sign-in keys", exc_type=type(error).__qualname__)
            return
        self._keys = {key.key_id: key for key in found if key.public_key_use in (None, "sig")}
        self._read_at = self._tried_at

    async def _text(self) -> bytes:
        file = self._settings.jwks_file
        if file is not None:
            return await asyncio.to_thread(file.read_bytes)
        async with (
            httpx.AsyncClient(timeout=self._settings.timeout_s, follow_redirects=False) as client,
            client.stream("GET", self._settings.jwks) as response,
        ):
            response.raise_for_status()
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MAX_JWKS_BYTES:
                    raise ValueError("more than a key set holds")
        return body
