"""API keys: what they look like, what is kept of them, and how fast a change counts."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.errors import BadSettings
from service.security.install import check_reachable
from service.security.keys import is_key_of, key_id_of, new_key
from tests.service.security.conftest import add_key, asked, jmedqa, settings, store_at

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SEARCH = "/api/v1/search?q=メトホルミン"


def test_a_key_is_known_by_its_row_and_by_nothing_less() -> None:
    key, row = new_key("病棟", ("read",), created_at=NOW)
    assert key_id_of(key) == row.key_id
    assert is_key_of(key, row, NOW)
    other, _ = new_key("病棟", ("read",), created_at=NOW)
    assert not is_key_of(other, row, NOW)
    assert key.removeprefix("jmq_")[13:-8] not in repr(row)
    for wrong in (key[:-1], key + "0", key.upper(), key.replace("jmq", "JMQ"), f" {key}", f"{key}\n", ""):
        assert key_id_of(wrong) is None, wrong


def test_a_typing_error_is_seen_without_asking_the_database() -> None:
    key, _ = new_key("病棟", ("read",), created_at=NOW)
    for place in range(4, len(key)):
        changed = "0" if key[place] != "0" else "1"
        assert key_id_of(key[:place] + changed + key[place + 1 :]) is None


def test_no_two_keys_share_anything() -> None:
    keys = {new_key("x", ("read",), created_at=NOW)[0] for _ in range(200)}
    assert len({key[4:16] for key in keys}) == len({key[17:81] for key in keys}) == 200


def test_keys_are_asked_for_from_the_first_one_on(app: FastAPI, state_dir: Path) -> None:
    """Beside a running server: making, revoking and expiring count at the next request."""

    async def work(client: httpx.AsyncClient) -> list[int]:
        seen = [(await client.get(SEARCH)).status_code]
        key = add_key(state_dir, "read")
        headers = {"Authorization": f"Bearer {key}"}
        seen.append((await client.get(SEARCH)).status_code)
        seen += [(await client.get(SEARCH, headers=headers)).status_code for _ in range(3)]
        with store_at(state_dir) as store:
            store.keys.revoke(key[4:16])
        seen.append((await client.get(SEARCH, headers=headers)).status_code)
        seen.append((await client.get(SEARCH)).status_code)  # the last key being gone opens nothing
        return seen

    assert asked(app, work) == [200, 401, 200, 200, 200, 401, 401]


def test_readiness_tells_strangers_no_details(app: FastAPI, state_dir: Path) -> None:
    key = add_key(state_dir, "read")

    async def work(client: httpx.AsyncClient) -> list[object]:
        stranger = (await client.get("/readyz")).json()
        known = (await client.get("/readyz", headers={"Authorization": f"Bearer {key}"})).json()
        assert stranger["ready"] is known["ready"] is True
        return [stranger["generation"], known["generation"]]

    stranger, known = asked(app, work)
    assert stranger is None
    assert known


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "server.example"])
@pytest.mark.parametrize("required", ["auto", "always"])
def test_a_public_address_without_a_key_is_refused_with_the_command(
    index_dir: Path, state_dir: Path, host: str, required: str
) -> None:
    public = settings(index_dir, state_dir, server={"host": host}, auth={"required": required})
    add_key(state_dir, "read", off=True)
    with store_at(state_dir) as store, pytest.raises(BadSettings, match="jmedqa key create"):
        check_reachable(public, store)
    add_key(state_dir, "read")
    with store_at(state_dir) as store:
        check_reachable(public, store)


@pytest.mark.parametrize(
    "sections",
    [
        {"server": {"host": "127.0.0.1"}},
        {"server": {"host": "::1"}},
        {"server": {"host": "localhost"}},
        {"server": {"host": "0.0.0.0"}, "auth": {"required": "never"}},
        {"server": {"host": "0.0.0.0"}, "oidc": {"issuer": "https://i.example", "jwks": "/keys.json"}},
    ],
)
def test_what_may_start_without_a_key(
    index_dir: Path, state_dir: Path, sections: dict[str, dict[str, str]]
) -> None:
    with store_at(state_dir) as store:
        check_reachable(settings(index_dir, state_dir, **sections), store)


def test_a_public_address_asks_for_keys_also_when_started_without_the_check(
    index_dir: Path, state_dir: Path
) -> None:
    from service.api.app import create_app

    app = create_app(settings(index_dir, state_dir, server={"host": "0.0.0.0"}))
    assert asked(app, lambda client: client.get(SEARCH)).status_code == 401


def test_the_commands_make_list_and_revoke(state_dir: Path) -> None:
    made = jmedqa(state_dir, "key", "create", "薬剤部", "--scope", "read", "--rate", "30", "--days", "90")
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    assert key_id_of(key)
    listed = json.loads(jmedqa(state_dir, "key", "list", "--json").stdout)["keys"]
    assert [(row["name"], row["scopes"], row["rate_per_minute"]) for row in listed] == [
        ("薬剤部", ["read"], 30)
    ]
    left = datetime.fromisoformat(listed[0]["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89) < left < timedelta(days=90)
    files = b"".join(file.read_bytes() for file in state_dir.iterdir())
    assert key.encode() not in files
    assert key[17:81].encode() not in files
    revoked = jmedqa(state_dir, "key", "revoke", listed[0]["key_id"])
    assert revoked.returncode == 0
    assert json.loads(jmedqa(state_dir, "key", "list", "--json").stdout)["keys"][0]["revoked_at"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "x", "--scope", "root"), "--scope is one of"),
        (("create", " "), "printable characters"),
        (("revoke", "000000000000"), "jmedqa key list"),
    ],
)
def test_wrong_use_is_named(state_dir: Path, arguments: tuple[str, ...], said: str) -> None:
    done = jmedqa(state_dir, "key", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
