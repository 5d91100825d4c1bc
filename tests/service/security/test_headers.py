"""What browsers are told, and which names are answered: on every reply, also refused and broken ones."""

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.api.app import create_app
from service.security.headers import CONTENT_POLICY, page_policy
from tests.service.security.conftest import add_key, asked, settings
from tests.service.security.test_route_matrix import ROUTES

MORE = [("GET", "/nowhere"), ("GET", "/broken"), ("PATCH", "/docs")]
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def test_the_policy_lets_a_page_use_this_server_and_nothing_else() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in CONTENT_POLICY.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in CONTENT_POLICY
    assert "http" not in CONTENT_POLICY
    assert "*" not in CONTENT_POLICY


def test_every_reply_carries_the_headers(app: FastAPI, state_dir: Path) -> None:
    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError

    key = add_key(state_dir, "read", "ask", "admin")

    async def work(client: httpx.AsyncClient) -> None:
        for method, path in [*ROUTES, *MORE]:
            if (method, path) == ("GET", "/mcp"):  # a stream without end
                continue
            for headers in ({}, {"Authorization": f"Bearer {key}"}):
                reply = await client.request(method, re.sub(r"\{[^}]*\}", "x", path), headers=headers)
                assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS, (path, reply)
                policy = reply.headers["content-security-policy"]
                assert policy == CONTENT_POLICY or path == "/docs"
                for name in (*HEADERS, "content-security-policy", "cache-control"):
                    assert len(reply.headers.get_list(name)) <= 1, name
                assert "strict-transport-security" not in reply.headers
                if path.startswith("/api/"):
                    assert reply.headers["cache-control"] in ("no-store", "private, no-cache")

    asked(app, work)


def test_the_api_page_alone_may_run_the_script_written_into_it(app: FastAPI) -> None:
    page = asked(app, lambda client: client.get("/docs"))
    policy = page.headers["content-security-policy"]
    assert policy == page_policy(page.text, inline_styles=True)
    script = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
    assert re.fullmatch(r"script-src 'self' 'sha256-[A-Za-z0-9+/=]{44}'", script)


def test_a_page_without_scripts_gets_the_plain_policy() -> None:
    assert page_policy('<p>a</p><script src="/a.js"></script>') == CONTENT_POLICY


def test_https_is_promised_where_the_site_says_so(index_dir: Path, state_dir: Path) -> None:
    app = create_app(settings(index_dir, state_dir, security={"hsts": True}))
    reply = asked(app, lambda client: client.get("/healthz"))
    assert reply.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:9", "LOCALHOST", "[::1]:8000", "[::1]"]
)
def test_on_this_machine_its_own_names_are_answered(app: FastAPI, host: str) -> None:
    assert asked(app, lambda client: client.get("/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "", "localhost.evil", "::1.evil:80:80"],
)
def test_a_name_that_someone_led_here_is_not_answered(app: FastAPI, host: str) -> None:
    reply = asked(app, lambda client: client.get("/healthz", headers={"Host": host}))
    assert reply.status_code == 421
    assert reply.json()["type"] == "urn:jmedqa:problem:unknown-host"
    assert host not in reply.text or not host


def test_on_a_public_address_the_list_decides(index_dir: Path, state_dir: Path) -> None:
    public = {"host": "0.0.0.0"}
    listed = {"allowed_hosts": ["jmedqa.example.jp", "*.ward.example.jp"]}
    app = create_app(settings(index_dir, state_dir, server=public, security=listed))
    names = {
        "jmedqa.example.jp": 200,
        "jmedqa.example.jp:443": 200,
        "a.ward.example.jp": 200,
        "ward.example.jp": 421,
        "award.example.jp": 421,
        "x.jmedqa.example.jp": 421,
        "127.0.0.1": 421,
    }

    async def work(client: httpx.AsyncClient) -> dict[str, int]:
        return {name: (await client.get("/healthz", headers={"Host": name})).status_code for name in names}

    assert asked(app, work) == names
    without = create_app(settings(index_dir, state_dir, server=public))
    assert asked(without, lambda client: client.get("/healthz", headers={"Host": "any"})).status_code == 200


def test_no_other_origin_may_read_replies_unless_it_is_listed(index_dir: Path, state_dir: Path) -> None:
    origin = {"Origin": "https://portal.example.jp"}
    preflight = {
        **origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }

    async def work(client: httpx.AsyncClient) -> tuple[httpx.Response, ...]:
        other = {**preflight, "Origin": "https://evil.example"}
        return (
            await client.get("/healthz", headers=origin),
            await client.options("/api/v1/answers", headers=preflight),
            await client.options("/api/v1/answers", headers=other),
        )

    for reply in asked(create_app(settings(index_dir, state_dir)), work):
        assert not [name for name in reply.headers if name.startswith("access-control")]
    add_key(state_dir, "read")  # a preflight carries no key
    listed = {"cors_origins": ["https://portal.example.jp"]}
    plain, asked_before, other = asked(create_app(settings(index_dir, state_dir, security=listed)), work)
    assert plain.headers["access-control-allow-origin"] == origin["Origin"]
    assert asked_before.status_code == 200
    assert "access-control-allow-credentials" not in asked_before.headers
    assert "access-control-allow-origin" not in other.headers
