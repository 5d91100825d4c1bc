# ruff: noqa: N818  (the names say what happened)
"""Signing in at another server with a browser: the authorization code flow with PKCE (RFC 6749, RFC 7636).

The flow is Authlib's. Here: what is kept between the two requests, and what its failures say. The token that
comes of it is checked like any other (`service.security.oidc`), so nothing that a browser brings is believed.
"""

import json
from dataclasses import dataclass
from secrets import compare_digest, token_urlsafe

import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from service.errors import ServiceError
from service.security.settings import OidcSettings

log = structlog.get_logger(__name__)

PENDING_COOKIE = "jmedqa_signin"
PENDING_S = 600
"""How long a reader may take at the sign-in server."""


class SignInFailed(ServiceError):
    """The sign-in server refused, or the reader came back another way than they went."""

    code = "sign-in-failed"
    status = 401

    def __init__(self) -> None:
        super().__init__(
            "サインインできませんでした。もう一度お試しください。",
            "Signing in did not succeed. Please try again.",
        )


class SignInServerAway(ServiceError):
    """The sign-in server gave no token."""

    code = "sign-in-unavailable"
    status = 503
    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__(
            "認証サーバーから応答がありません。oidc.token のアドレスを確かめてください。",
            "The sign-in server does not answer; check the address oidc.token.",
        )


@dataclass(frozen=True)
class Pending:
    """What this server must know again when the reader comes back; kept in their browser.

    Attributes:
        state: Comes back in the address: an answer to another browser's question is not taken.
        verifier: PKCE: only who has it can turn the code into a token.
        back: Where the reader wanted to go.
    """

    state: str
    verifier: str
    back: str

    def cookie(self) -> str:
        """As a cookie's value."""
        return json.dumps([self.state, self.verifier, self.back]).encode().hex()

    @classmethod
    def of(cls, cookie: str) -> "Pending":
        """What `cookie` wrote.

        Raises:
            SignInFailed: For anything else.
        """
        try:
            state, verifier, back = json.loads(bytes.fromhex(cookie))
            return cls(str(state), str(verifier), str(back))
        except (ValueError, TypeError):
            raise SignInFailed from None


def started(settings: OidcSettings, back: str) -> tuple[str, Pending]:
    """The address to send the reader to, and what to keep meanwhile."""
    verifier = token_urlsafe(48)
    client = _client(settings)
    address, state = client.create_authorization_url(settings.authorize, code_verifier=verifier)
    return address, Pending(state, verifier, back)


async def finished(settings: OidcSettings, pending: Pending, state: str, code: str) -> str:
    """The access token for the code that the reader brought.

    Raises:
        SignInFailed: If the state is not the one that was sent, or the code is not good.
        SignInServerAway: If the sign-in server cannot be reached or fails.
    """
    if not code or not compare_digest(state.encode(), pending.state.encode()):
        raise SignInFailed
    try:
        async with _client(settings) as client:
            token = await client.fetch_token(settings.token, code=code, code_verifier=pending.verifier)
    except (httpx2.HTTPError, ValueError):
        raise SignInServerAway from None
    except AuthlibBaseError as error:
        log.warning("sign-in refused", exc_type=type(error).__qualname__)
        raise SignInFailed from None
    found = token.get("access_token")
    if not isinstance(found, str):
        raise SignInFailed
    return found


def _client(settings: OidcSettings) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(
        settings.client_id,
        settings.client_secret or None,
        token_endpoint_auth_method="client_secret_basic" if settings.client_secret else "none",
        scope=settings.ask_for,
        redirect_uri=settings.redirect_uri,
        code_challenge_method="S256",
        timeout=settings.timeout_s,
    )
