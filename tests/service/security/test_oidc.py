"""Tokens of a sign-in server that runs here: what is let in, and what strangers cannot set off."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI

from service.api.app import create_app
from service.errors import BadSettings
from service.security import oidc
from service.security.settings import OidcSettings
from service.settings import load_settings
from tests.service.running import closed_port, served
from tests.service.security.conftest import add_key, asked, settings

ISSUER = "https://login.example.jp/realms/hospital"
RSA, OTHER_RSA = (rsa.generate_private_key(65537, 2048) for _ in range(2))
EC = ec.generate_private_key(ec.SECP256R1())
SEARCH, ANSWERS = "/api/v1/search?q=メトホルミン", "/api/v1/answers"


def public(key: Any, key_id: str, algorithm: str) -> dict[str, Any]:
    maker = jwt.get_algorithm_by_name(algorithm)
    found: dict[str, Any] = maker.to_jwk(key.public_key(), as_dict=True)
    return {**found, "kid": key_id, "use": "sig", "alg": algorithm}


KEYS = {"keys": [public(RSA, "r1", "RS256"), public(EC, "e1", "ES256")]}


def token(key: Any = RSA, key_id: str | None = "r1", algorithm: str = "RS256", **changed: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": "jmedqa",
        "sub": "u-42",
        "iat": now,
        "exp": now + 300,
        "scope": "openid jmedqa:read",
    }
    claims = {name: value for name, value in (claims | changed).items() if value is not None}
    return jwt.encode(claims, key, algorithm, headers={"kid": key_id} if key_id else {})


@pytest.fixture
def app(index_dir: Path, state_dir: Path, tmp_path: Path) -> FastAPI:
    (tmp_path / "keys.json").write_text(json.dumps(KEYS), encoding="utf-8")
    return with_keys(index_dir, state_dir, str(tmp_path / "keys.json"))


def with_keys(index_dir: Path, state_dir: Path, jwks: str, **more: Any) -> FastAPI:
    return create_app(settings(index_dir, state_dir, oidc={"issuer": ISSUER, "jwks": jwks, **more}))


def statuses(app: FastAPI, tokens: dict[str, str], address: str = SEARCH) -> dict[str, int]:
    async def work(client: httpx.AsyncClient) -> dict[str, int]:
        return {
            name: (await client.get(address, headers={"Authorization": f"Bearer {value}"})).status_code
            for name, value in tokens.items()
        }

    return asked(app, work)


def test_a_good_token_gets_in(app: FastAPI) -> None:
    good = {
        "RS256": token(),
        "ES256": token(EC, "e1", "ES256"),
        "several audiences": token(aud=["other", "jmedqa"]),
        "a clock half a minute off": token(iat=int(time.time()) + 30, nbf=int(time.time()) + 30),
    }
    assert statuses(app, good) == dict.fromkeys(good, 200)


def _forged(algorithm: str) -> str:
    """Signed with the public key as if it were a shared secret."""

    def encode(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    claims = jwt.decode(token(), options={"verify_signature": False})
    head = json.dumps({"alg": algorithm, "kid": "r1", "typ": "JWT"}).encode()
    body = b".".join((encode(head), encode(json.dumps(claims).encode())))
    secret = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return (body + b"." + encode(hmac.digest(secret, body, sha256))).decode()


BAD: dict[str, Callable[[], str]] = {
    "expired": lambda: token(exp=int(time.time()) - 120),
    "not yet": lambda: token(nbf=int(time.time()) + 120),
    "another issuer": lambda: token(iss="https://evil.example"),
    "another audience": lambda: token(aud="other"),
    "no audience": lambda: token(aud=None),
    "no end": lambda: token(exp=None),
    "no subject": lambda: token(sub=None),
    "no issuer": lambda: token(iss=None),
    "subject with a line end": lambda: token(sub="u\nadmin"),
    "subject too long": lambda: token(sub="u" * 256),
    "another key under a known id": lambda: token(OTHER_RSA),
    "an unknown key id": lambda: token(key_id="r9"),
    "no key id where there are two keys": lambda: token(key_id=None),
    "an algorithm that is not allowed": lambda: token(algorithm="RS512"),
    "the key of another algorithm": lambda: token(key_id="e1"),
    "no signature": lambda: jwt.encode({"iss": ISSUER}, "", algorithm="none"),
    "signature cut": lambda: token()[:-8],
    "signed with the public key": lambda: _forged("HS256"),
    "claims changed": lambda: ".".join(
        part if place != 1 else token(sub="root").split(".")[1]
        for place, part in enumerate(token().split("."))
    ),
    "five parts": lambda: token() + ".a.b",
    "not base64": lambda: "%%.&&.??",
    "nothing": lambda: "..",
}


def test_no_bad_token_gets_in(app: FastAPI) -> None:
    bad = {name: make() for name, make in BAD.items()}
    assert statuses(app, bad) == dict.fromkeys(bad, 401)


def test_words_of_the_claim_grant_scopes_and_others_nothing(
    index_dir: Path, state_dir: Path, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(KEYS), encoding="utf-8")
    app = with_keys(
        index_dir,
        state_dir,
        str(file),
        scope_claim="roles",
        scopes={"physician": ["read", "ask"], "it": ["admin"]},
    )
    roles = {
        "physician": (["physician"], 200),
        "it": (["it"], 403),
        "both": (["it", "physician"], 200),
        "text": ("physician it", 200),
        "unknown": (["nurse"], 403),
        "none": (None, 403),
        "object": ({"physician": True}, 403),
        "mixed": ([1, None, "physician"], 200),
    }
    found = statuses(app, {name: token(roles=words) for name, (words, _) in roles.items()})
    assert found == {name: status for name, (_, status) in roles.items()}


def test_keys_and_tokens_get_in_side_by_side_and_nobody_without(app: FastAPI, state_dir: Path) -> None:
    both = {"key": add_key(state_dir, "read"), "token": token()}
    assert statuses(app, both) == {"key": 200, "token": 200}
    assert asked(app, lambda client: client.get(SEARCH)).status_code == 401


class SignInServer:
    """Serves a key set over HTTP, and counts."""

    def __init__(self) -> None:
        self.body, self.status, self.fetched = json.dumps(KEYS), 200, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.fetched += 1
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": self.body.encode()})


@pytest.fixture
def sign_in() -> Iterator[tuple[SignInServer, str]]:
    server = SignInServer()
    with served(server) as address:
        yield server, f"{address}/keys"


def test_keys_come_over_http_once(
    index_dir: Path, state_dir: Path, sign_in: tuple[SignInServer, str]
) -> None:
    server, address = sign_in
    app = with_keys(index_dir, state_dir, address)
    assert set(statuses(app, {str(number): token() for number in range(20)}).values()) == {200}
    assert server.fetched == 1


def test_strangers_cannot_make_the_server_fetch_without_end(
    index_dir: Path, state_dir: Path, sign_in: tuple[SignInServer, str]
) -> None:
    server, address = sign_in
    app = with_keys(index_dir, state_dir, address)
    found = statuses(app, {str(number): token(key_id=f"x{number}") for number in range(30)})
    assert set(found.values()) == {401}
    assert server.fetched == 1


def test_a_new_key_of_the_sign_in_server_is_learnt(
    sign_in: tuple[SignInServer, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, address = sign_in
    monkeypatch.setattr(oidc, "_COOLDOWN_S", 0.0)
    tokens = oidc.Tokens(OidcSettings(issuer=ISSUER, jwks=address), 60)

    async def work() -> list[str]:
        names = [(await tokens.principal(token())).owner]
        server.body = json.dumps({"keys": [public(OTHER_RSA, "r2", "RS256")]})
        names.append((await tokens.principal(token(OTHER_RSA, "r2"))).owner)
        server.status = 500  # while it is down, what is known goes on working
        names.append((await tokens.principal(token(OTHER_RSA, "r2"))).owner)
        return names

    assert asyncio.run(work()) == ["oidc:u-42"] * 3


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", '{"keys": 1}', '{"keys": [{"kty": "RSA"}]}', "x" * 2_000_000]
)
def test_without_a_key_set_tokens_wait_and_keys_work(
    index_dir: Path, state_dir: Path, sign_in: tuple[SignInServer, str], body: str
) -> None:
    server, address = sign_in
    server.body = body
    app = with_keys(index_dir, state_dir, address)
    found = statuses(app, {"token": token(), "key": add_key(state_dir, "read")})
    assert found == {"token": 503, "key": 200}


def test_a_sign_in_server_that_is_down_is_said(index_dir: Path, state_dir: Path) -> None:
    app = with_keys(index_dir, state_dir, f"http://127.0.0.1:{closed_port()}/keys")
    reply = asked(app, lambda client: client.get(SEARCH, headers={"Authorization": f"Bearer {token()}"}))
    assert reply.status_code == 503
    assert reply.json()["type"] == "urn:jmedqa:problem:sign-in-unavailable"
    assert reply.headers["retry-after"]


def test_settings_that_would_check_nothing_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    for line in (
        'issuer = "https://i"',
        'issuer = "https://i"\njwks = "k"\nalgorithms = []',
        'algorithms = ["HS256"]',
    ):
        file.write_text(f"[oidc]\n{line}\n", encoding="utf-8")
        with pytest.raises(BadSettings, match="oidc"):
            load_settings(file)
