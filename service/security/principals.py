"""Who a request comes from."""

from dataclasses import dataclass
from typing import Literal

from starlette.requests import HTTPConnection

from service.state import LOCAL, SCOPES, Scope


@dataclass(frozen=True)
class Principal:
    """A caller, known for the length of one request.

    Attributes:
        owner: Of what the request makes: the key's id, ``oidc:`` and the subject, or `LOCAL`.
        name: For people; of a token its subject.
        rate_per_minute: ``None`` for no limit.
    """

    owner: str
    name: str
    kind: Literal["local", "key", "oidc"]
    scopes: frozenset[Scope]
    rate_per_minute: int | None = None

    @property
    def sees(self) -> str | None:
        """The ``owner`` to look rows up by: an administrator sees everybody's."""
        return None if "admin" in self.scopes and self.kind != "local" else self.owner


EVERYBODY = Principal(LOCAL, LOCAL, "local", frozenset(SCOPES))
"""Whoever asks where nobody has to sign in."""


NOBODY = Principal(LOCAL, "", "local", frozenset())
"""A caller who did not sign in where one has to, or who was turned away before that was looked at."""


def principal(request: HTTPConnection) -> Principal:
    """The caller, as `service.security.gate` found out."""
    found = request.scope["state"]["principal"]
    assert isinstance(found, Principal)
    return found


async def signed_in(request: HTTPConnection) -> Principal:
    """The same for `Depends`: FastAPI runs plain functions in threads of its own."""
    return principal(request)
