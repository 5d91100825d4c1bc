"""From the Authorization header to a principal."""

from starlette.datastructures import Headers

from service.security.errors import NotSignedIn
from service.security.keys import PREFIX, is_key_of, key_id_of
from service.security.oidc import Tokens
from service.security.principals import EVERYBODY, Principal
from service.security.settings import AuthSettings, is_loopback
from service.settings import Settings
from service.state import Store

_MAX_CREDENTIAL = 8_192
"""Characters; tokens of sign-in servers stay below, headers may not."""


class SignIn:
    """Finds out who calls. Where nobody has to sign in, a credential is not even looked at."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._auth: AuthSettings = settings.auth
        self._store = store
        self._tokens = Tokens(settings.oidc, settings.auth.rate_per_minute) if settings.oidc.issuer else None
        self._always = (
            settings.auth.required == "always"
            or self._tokens is not None
            or not is_loopback(settings.server.host)
        )

    async def required(self) -> bool:
        """Whether a credential is needed now; a key made by another process counts at once."""
        if self._auth.required == "never":
            return False
        return self._always or await self._store.keys.any()

    async def caller(self, headers: Headers) -> Principal | None:
        """Who calls; ``None`` for a request without credential where one is needed.

        Raises:
            NotSignedIn: For a credential that is not good.
            SignInUnavailable: If a token cannot be checked now.
        """
        if not await self.required():
            return EVERYBODY
        given = headers.getlist("authorization")
        if not given:
            return None
        scheme, _, credential = given[0].partition(" ")
        credential = credential.strip()
        if len(given) > 1 or scheme.lower() != "bearer" or not 0 < len(credential) <= _MAX_CREDENTIAL:
            raise NotSignedIn(presented=True)
        if credential.startswith(PREFIX):
            return await self._by_key(credential)
        if self._tokens is not None:
            return await self._tokens.principal(credential)
        raise NotSignedIn(presented=True)

    async def _by_key(self, credential: str) -> Principal:
        keys = self._store.keys
        key_id = key_id_of(credential)
        row = await keys.find(key_id) if key_id is not None else None
        if row is None or not is_key_of(credential, row, keys.clock()):
            raise NotSignedIn(presented=True)
        await keys.mark_used(row)
        rate = row.rate_per_minute or self._auth.rate_per_minute
        return Principal(row.key_id, row.name, "key", frozenset(row.scopes), rate)
