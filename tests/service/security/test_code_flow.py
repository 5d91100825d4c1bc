"""Signing in at another server with a browser: who comes back with what."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.api.app import create_app
from service.security.settings import OidcSettings
from service.settings import Settings
from tests.service.running import served
from tests.service.security.conftest import settings
from tests.service.security.sign_in_server import SignInServer
from tests.service.security.test_oidc import ISSUER, KEYS, token

Flow = tuple[httpx.Client, SignInServer]


@pytest.fixture
def flow(index_dir: Path, tmp_path: Path) -> Iterator[Flow]:
    """A browser without scripts, and the sign-in server it is sent to."""
    (tmp_path / "keys.json").write_text(json.dumps(KEYS), encoding="utf-8")
    server = SignInServer(token=token)
    with served(server.app()) as elsewhere:
        oidc: dict[str, Any] = {
            "issuer": ISSUER,
            "jwks": str(tmp_path / "keys.json"),
            "client_id": "jmedqa",
            "authorize": f"{elsewhere}/authorize",
            "token": f"{elsewhere}/token",
            "redirect_uri": "http://127.0.0.1/signin/callback",  # the path is what is followed
        }
        values = settings(index_dir, tmp_path / "state", oidc=oidc)
        with (
            served(create_app(values)) as address,
            httpx.Client(base_url=address, timeout=60, trust_env=False) as client,
        ):
            client.headers.update({"Accept": "text/html", "Sec-Fetch-Site": "same-origin"})
            yield client, server


def sent_back(client: httpx.Client, back: str = "/documents") -> dict[str, str]:
    """Go to the sign-in server; what it sends the reader back with."""
    leaving = client.get("/signin/start", params={"next": back})
    assert leaving.status_code == 303
    returning = httpx.get(leaving.headers["location"], trust_env=False)
    return dict(httpx.URL(returning.headers["location"]).params)


def test_a_reader_comes_back_signed_in_to_where_they_wanted_to_go(flow: Flow) -> None:
    client, server = flow
    assert "/signin/start?next=%2Fdocuments" in client.get("/signin", params={"next": "/documents"}).text
    done = client.get("/signin/callback", params=sent_back(client))
    assert done.status_code == 200
    assert 'content="0; url=/documents"' in done.text
    assert client.get("/documents").status_code == 200
    assert "u-42" in client.get("/documents").text
    asked = server.asked[0]
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert "jmedqa:read" in asked["scope"].split()
    cookies = done.headers.get_list("set-cookie")
    kept = next(one for one in cookies if one.startswith("jmedqa_key="))
    assert "HttpOnly" in kept
    assert "SameSite=strict" in kept


def _without_cookie(client: httpx.Client, back: dict[str, str]) -> dict[str, str]:
    client.cookies.clear()
    return back


CHANGED: dict[str, Callable[[httpx.Client, dict[str, str]], dict[str, str]]] = {
    "another state": lambda client, back: {**back, "state": "x" * 30},
    "no state": lambda client, back: {"code": back["code"]},
    "no code": lambda client, back: {"state": back["state"]},
    "another code": lambda client, back: {**back, "code": "guessed"},
    "another browser": _without_cookie,
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_who_comes_back_another_way_is_not_let_in(
    flow: Flow, change: Callable[[httpx.Client, dict[str, str]], dict[str, str]]
) -> None:
    client, _ = flow
    done = client.get("/signin/callback", params=change(client, sent_back(client)))
    assert done.status_code == 401
    assert "サインインできませんでした" in done.text
    assert client.get("/documents").status_code == 303


def test_a_code_works_once(flow: Flow) -> None:
    client, _ = flow
    back = sent_back(client)
    pending = dict(client.cookies)
    assert client.get("/signin/callback", params=back).status_code == 200
    client.cookies.clear()
    client.cookies.update(pending)
    assert client.get("/signin/callback", params=back).status_code == 401


@pytest.mark.parametrize(
    ("mode", "status"),
    [("refused", 401), ("down", 503), ("garbled", 401)],
    ids=["refused", "down", "garbled"],
)
def test_a_sign_in_server_that_gives_no_token_lets_nobody_in(flow: Flow, mode: str, status: int) -> None:
    client, server = flow
    server.mode = mode
    done = client.get("/signin/callback", params=sent_back(client))
    assert done.status_code == status
    assert client.get("/documents").status_code == 303


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (lambda: token(aud="other"), 401),
        (lambda: "opaque", 401),
        (lambda: token(groups=["病棟" * 10] * 200), 502),
    ],
    ids=["for another audience", "no JWT", "too long for a cookie"],
)
def test_a_token_that_does_not_hold_here_is_not_kept(
    flow: Flow, made: Callable[[], str], status: int
) -> None:
    client, server = flow
    server.token = made
    done = client.get("/signin/callback", params=sent_back(client))
    assert done.status_code == status
    assert "jmedqa_key" not in client.cookies


def test_no_address_of_another_server_is_gone_back_to(flow: Flow) -> None:
    client, _ = flow
    done = client.get("/signin/callback", params=sent_back(client, "https://evil.example/"))
    assert 'content="0; url=/"' in done.text


def test_without_a_client_there_is_no_such_page(index_dir: Path, tmp_path: Path) -> None:
    with (
        served(create_app(settings(index_dir, tmp_path / "state"))) as address,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        assert client.get("/signin/start").status_code == 404
        assert client.get("/signin/callback").status_code == 404
        assert "/signin/start" not in client.get("/signin").text


@pytest.mark.parametrize("lacking", ["authorize", "token", "redirect_uri", "issuer"])
def test_settings_that_could_not_work_are_refused(lacking: str) -> None:
    address = "https://login.example.jp/"
    whole: dict[str, Any] = {"issuer": ISSUER, "jwks": f"{address}jwks", "client_id": "jmedqa"}
    whole |= dict.fromkeys(("authorize", "token", "redirect_uri"), address)
    assert OidcSettings.model_validate(whole).client_id
    with pytest.raises(ValueError, match=lacking):
        Settings.model_validate({"oidc": {**whole, lacking: ""}})
