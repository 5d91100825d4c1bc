"""Every route against every credential: who gets in is exactly what `service.security.policy` says.

A route that has no entry there fails here by name.
"""

import itertools
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as ASGIScope

from service.api.app import create_app
from service.security.keys import new_key
from service.security.policy import POLICY, needed
from service.settings import Settings
from service.state import SCOPES, Scope
from tests.service.security.conftest import add_key, asked, settings, store_at


class Inside:
    """Stands behind the gate in place of the endpoints, some of which would stream without end."""

    def __init__(self, app: ASGIApp) -> None:
        pass

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": scope["state"]["principal"].owner.encode()})


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of all that the application answers, hidden ones and mounts too."""
    found = []
    for route in iter_route_contexts(app.routes):
        assert route.path is not None, route
        if isinstance(route.route, Mount):
            found.append(("GET", f"{route.path.rstrip('/')}/{{path:path}}"))
            continue
        for method in sorted(route.methods or {"GET", "POST", "PUT", "PATCH", "DELETE"}):
            if method not in ("HEAD", "OPTIONS"):
                found.append((method, route.path))
    return sorted(set(found))


ROUTES = routes(create_app(Settings()))
SETS: list[tuple[Scope, ...]] = [
    chosen for size in range(1, len(SCOPES) + 1) for chosen in itertools.combinations(SCOPES, size)
]
SETS_BY_NAME = {" ".join(scopes) for scopes in SETS}


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_every_route_has_an_entry(route: tuple[str, str]) -> None:
    assert route in POLICY, f"add {route} to service/security/policy.py with the scopes it needs"


def test_every_entry_has_a_route() -> None:
    assert set(POLICY) <= set(ROUTES)


def test_a_path_without_an_entry_is_for_administrators() -> None:
    for path in ("/api/v1/forgotten", "/API/v1/search", "/api/v1/search/", "//metrics", "/metrics/", ""):
        assert needed("GET", path) == ("admin",), path
    for method in ("PUT", "TRACE", "get", "X"):
        assert needed(method, "/api/v1/answers") == ("admin",), method
    assert needed("HEAD", "/metrics") == needed("GET", "/metrics") == ("read",)


def test_every_open_route_says_nothing_of_the_site() -> None:
    opened = {route for route, scopes in POLICY.items() if not scopes}
    assert opened == {
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/"),
        ("GET", "/docs"),
        ("GET", "/docs/assets/{path:path}"),
        ("GET", "/openapi.json"),
        ("GET", "/signin"),
        ("POST", "/signin"),
        ("POST", "/csp-reports"),
        ("GET", "/signin/start"),
        ("GET", "/signin/callback"),
        ("POST", "/signout"),
        ("GET", "/preferences"),
        ("GET", "/static/{path:path}"),
    }


def test_the_whole_matrix(index_dir: Path, state_dir: Path) -> None:
    """Routes x (no, malformed, unknown, revoked, expired credential, every set of scopes)."""
    good = {scopes: add_key(state_dir, *scopes) for scopes in SETS}
    one = good["read", "ask", "admin"]
    with store_at(state_dir) as store:
        unknown, _ = new_key("x", SCOPES, created_at=store.keys.clock())
    bad = {
        "none": None,
        "other scheme": f"Basic {one}",
        "no scheme": one,
        "empty": "Bearer ",
        "half": f"Bearer {one[:40]}",
        "one letter wrong": f"Bearer {one[:30]}{'0' if one[30] != '0' else '1'}{one[31:]}",
        "two keys": f"Bearer {one} {one}",
        "unknown": f"Bearer {unknown}",
        "unknown secret": f"Bearer {_same_id(one, unknown)}",
        "revoked": f"Bearer {add_key(state_dir, *SCOPES, off=True)}",
        "expired": f"Bearer {add_key(state_dir, *SCOPES, ago=True)}",
        "token without OIDC": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
        "huge": f"Bearer jmq_{'0' * 20_000}",
        "not ASCII": b"Bearer jmq_\xe9\xff",
    }
    app = create_app(settings(index_dir, state_dir, auth={"rate_per_minute": 100_000}))
    app.user_middleware.append(Middleware(Inside))
    expected: dict[tuple[str, str, str], int] = {}
    found: dict[tuple[str, str, str], int] = {}

    async def everything(client: httpx.AsyncClient) -> None:
        for method, path in ROUTES:
            address = re.sub(r"\{[^}]*\}", "x", path)
            scopes = POLICY.get((method, path), ("admin",))
            credentials: list[tuple[str, str | bytes | None, int]] = []
            credentials += [(name, value, 401 if scopes else 299) for name, value in bad.items()]
            credentials += [
                (" ".join(held), f"Bearer {key}", 299 if {*held} >= {*scopes} else 403)
                for held, key in good.items()
            ]
            for name, value, status in credentials:
                raw = value.encode() if isinstance(value, str) else value
                headers = {} if raw is None else {b"Authorization": raw}
                response = await client.request(method, address, headers=headers)
                expected[method, path, name] = status
                found[method, path, name] = response.status_code
                if response.status_code == 299:
                    assert response.text == (str(value)[11:23] if name in SETS_BY_NAME else "local")
                else:
                    assert response.headers["www-authenticate"].startswith('Bearer realm="jmedqa"')
                    assert ("error=" in response.headers["www-authenticate"]) == (name != "none")

    asked(app, everything)
    assert len(expected) == len(ROUTES) * (len(bad) + len(good))
    assert found == expected


def _same_id(key: str, other: str) -> str:
    """The other key's secret under this key's id, with a checksum that fits."""
    from service.security.keys import _checksum

    body = f"{key[:17]}{other[17:-8]}"
    return body + _checksum(body)
