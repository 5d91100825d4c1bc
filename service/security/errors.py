# ruff: noqa: N818  (the names say what happened)
"""Why a caller is turned away. No text says which part of a credential was wrong."""

from collections.abc import Mapping

from service.errors import ServiceError
from service.security.rates import Allowance


class NotSignedIn(ServiceError):
    """No credential, or none that is good: unknown, malformed, revoked and expired look the same.

    Attributes:
        presented: Whether there was one (RFC 6750, section 3.1: only then is the error named).
    """

    code = "not-signed-in"
    status = 401
    exit_code = 2

    def __init__(self, *, presented: bool) -> None:
        self.presented = presented
        super().__init__(
            "有効なAPIキーが必要です。Authorization: Bearer で渡してください。",
            "A valid API key is needed: send it as Authorization: Bearer.",
        )

    @property
    def headers(self) -> Mapping[str, str]:
        """The challenge."""
        error = ', error="invalid_token"' if self.presented else ""
        return {"WWW-Authenticate": f'Bearer realm="jmedqa"{error}'}


class NotAllowed(ServiceError):
    """A good credential without the scope."""

    code = "not-allowed"
    status = 403
    exit_code = 2

    def __init__(self, scopes: tuple[str, ...]) -> None:
        self.scopes = scopes
        super().__init__(
            f"このキーには必要な権限({', '.join(scopes)})がありません。",
            f"This key lacks the scope needed here ({', '.join(scopes)}).",
        )

    @property
    def headers(self) -> Mapping[str, str]:
        """The scopes that would do."""
        challenge = f'Bearer realm="jmedqa", error="insufficient_scope", scope="{" ".join(self.scopes)}"'
        return {"WWW-Authenticate": challenge}


class TooManyRequests(ServiceError):
    """The key has used up its rate."""

    code = "rate-limited"
    status = 429

    def __init__(self, allowance: Allowance) -> None:
        self.allowance = allowance
        super().__init__(
            f"このキーの要求が多すぎます。{allowance.retry_after_s}秒後に再度お試しください。",
            f"Too many requests with this key; try again in {allowance.retry_after_s} s.",
        )

    @property
    def headers(self) -> Mapping[str, str]:
        """When to come again."""
        return {"Retry-After": str(self.allowance.retry_after_s)}


class UnknownHost(ServiceError):
    """The request names a host that this server is not (DNS rebinding, or a name missing from the list)."""

    code = "unknown-host"
    status = 421

    def __init__(self) -> None:
        super().__init__(
            "このホスト名では応答しません。security.allowed_hosts に加えてください。",
            "This server does not answer for that host name; see security.allowed_hosts.",
        )


class SignInUnavailable(ServiceError):
    """The sign-in server's keys cannot be had, so no token can be checked."""

    code = "sign-in-unavailable"
    status = 503
    retry_after_s = 30
