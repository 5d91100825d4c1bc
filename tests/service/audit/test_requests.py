"""What a request leaves in the audit log, and what happens when nothing can be written there."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.api.app import create_app
from service.audit.log import AuditLog
from service.audit.middleware import STRANGERS_PER_MINUTE
from service.audit.settings import AuditSettings
from service.prompts import PROMPT_VERSION
from service.state import StateSettings
from service.state.errors import StateUnavailable
from tests.service.audit.conftest import audit_log, fill
from tests.service.security.conftest import add_key, asked, jmedqa, settings
from tests.service.state.conftest import MovedClock

QUESTION = "CKD患者で高カリウム血症を認めたときの初期対応は？"


def entries(state_dir: Path) -> list[dict[str, Any]]:
    log = AuditLog(AuditSettings(), StateSettings(dir=state_dir))
    log.open()
    assert log.verify().faults == ()
    lines = [json.loads(line) for line in log.export()]
    log.close()
    return lines


def served(index_dir: Path, state_dir: Path, **sections: Any) -> FastAPI:
    return create_app(settings(index_dir, state_dir, **sections))


def test_an_answer_leaves_who_when_what_and_what_answered(index_dir: Path, state_dir: Path) -> None:
    key = add_key(state_dir, "ask")
    headers = {"Authorization": f"Bearer {key}", "X-Request-ID": "trace-me-0001"}
    body = {"question": QUESTION}
    reply = asked(
        served(index_dir, state_dir),
        lambda client: client.post("/api/v1/answers", json=body, headers=headers),
    )
    (entry,) = entries(state_dir)
    made_from = reply.json()["provenance"]
    assert entry.pop("at").endswith("Z")
    assert len(entry.pop("link")) == 64
    (question,) = entry.pop("asked")
    assert question.startswith("hmac-sha256:")
    assert entry == {
        "number": 1,
        "request_id": "trace-me-0001",
        "who": key[4:16],
        "name": "端末",
        "address": "127.0.0.1",
        "method": "POST",
        "route": "/api/v1/answers",
        "status": 200,
        "outcome": "answered",
        "generation": made_from["generation"],
        "model": made_from["model"],
        "prompt_version": PROMPT_VERSION,
        "strategy": "stepwise",
    }
    log = audit_log(state_dir, MovedClock())
    assert log.keys.question(QUESTION) == question  # by whoever has the key, and the question
    log.close()
    assert QUESTION.encode() not in b"".join(file.read_bytes() for file in state_dir.glob("audit*"))


def test_text_is_kept_where_the_site_says_so(index_dir: Path, state_dir: Path) -> None:
    app = served(index_dir, state_dir, audit={"text": True})
    choices = {"A": "テント状T波", "B": "デルタ波"}

    async def work(client: httpx.AsyncClient) -> None:
        await client.post("/api/v1/answers", json={"question": QUESTION})
        await client.post("/api/v1/answers", json={"question": QUESTION, "choices": choices})
        await client.get("/api/v1/search", params={"q": "メトホルミン"})

    asked(app, work)
    first, second, third = entries(state_dir)
    assert first["asked"] == [QUESTION]
    assert json.loads(second["asked"][0]) == [QUESTION, ["A", "テント状T波"], ["B", "デルタ波"]]
    assert (third["asked"], third["outcome"], third["who"]) == (["メトホルミン"], "searched", "local")


def test_streams_openai_and_errors_are_told_apart(index_dir: Path, state_dir: Path) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        await client.post("/api/v1/answers", json={"question": QUESTION, "stream": True})
        await client.post("/api/v1/answers", json={"question": ""})
        await client.get("/api/v1/passages/unknown")
        messages = [{"role": "user", "content": QUESTION}]
        (model, *_) = (await client.get("/v1/models")).json()["data"]
        await client.post("/v1/chat/completions", json={"model": model["id"], "messages": messages})
        await client.post("/v1/chat/completions", json={"model": "x", "messages": messages, "n": 2})

    asked(served(index_dir, state_dir), work)
    told = [(entry["route"], entry["status"], entry.get("outcome")) for entry in entries(state_dir)]
    assert told[:3] == [
        ("/api/v1/answers", 200, "answered"),
        ("/api/v1/answers", 422, "bad-request"),
        ("/api/v1/passages/{passage_id:path}", 404, "unknown-passage"),
    ]
    assert told[3:5] == [("/v1/models", 200, None), ("/v1/chat/completions", 200, "answered")]
    assert told[5][1] >= 400
    assert told[5][2]


def test_who_is_turned_away_is_written_down_and_strangers_cannot_fill_the_disk(
    index_dir: Path, state_dir: Path
) -> None:
    key = add_key(state_dir, "read")

    async def work(client: httpx.AsyncClient) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        await client.post("/api/v1/answers", json={"question": QUESTION}, headers=headers)
        for _ in range(STRANGERS_PER_MINUTE + 40):
            await client.get("/api/v1/search?q=a")
        await client.get("/healthz")

    asked(served(index_dir, state_dir), work)
    first, *rest = entries(state_dir)
    assert (first["who"], first["status"], first["outcome"]) == (key[4:16], 403, "not-allowed")
    assert {(entry["who"], entry["outcome"]) for entry in rest} == {("unknown", "not-signed-in")}
    assert len(rest) <= STRANGERS_PER_MINUTE + 2


def test_what_cannot_be_written_down_is_not_answered(
    index_dir: Path, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = True
    append = AuditLog.append

    async def appending(log: AuditLog, batch: Any) -> Any:
        if broken:
            raise StateUnavailable("一杯", "full")
        return await append(log, batch)

    monkeypatch.setattr(AuditLog, "append", appending)
    monkeypatch.setattr("service.audit.recorder._RETRY_S", 0.02)

    async def work(client: httpx.AsyncClient) -> list[int]:
        nonlocal broken
        seen = []
        for _ in range(3):
            seen.append((await client.get("/api/v1/search?q=a")).status_code)
            await asyncio.sleep(0.05)
        seen.append((await client.get("/healthz")).status_code)
        broken = False
        for _ in range(200):
            await asyncio.sleep(0.01)
            reply = await client.get("/api/v1/search?q=a")
            if reply.status_code == 200:
                break
        return [*seen, reply.status_code]

    assert asked(served(index_dir, state_dir), work) == [200, 503, 503, 200, 200]
    assert [entry["status"] for entry in entries(state_dir)] == [200, 200]


def test_without_an_audit_log_nothing_is_written(index_dir: Path, state_dir: Path) -> None:
    app = served(index_dir, state_dir, audit={"enabled": False})
    assert asked(app, lambda client: client.get("/api/v1/search?q=a")).status_code == 200
    assert not list(state_dir.glob("audit*"))


def test_pruning_leaves_a_log_that_can_be_verified(tmp_path: Path, clock: MovedClock) -> None:
    log = audit_log(tmp_path / "state", clock, days=7)
    fill(log, clock, 10)
    assert log.prune() == 0
    for _ in range(3):
        clock.move(days=8)
        fill(log, clock, 5)
        assert log.prune() >= 5
        assert log.verify().faults == ()
    clock.move(days=30)
    log.prune()
    verdict = log.verify()
    assert (verdict.entries, verdict.faults) == (1, ())  # the pruning itself
    log.close()


def test_an_entry_younger_than_the_limit_stays_whatever_the_clock_did(
    tmp_path: Path, clock: MovedClock
) -> None:
    log = audit_log(tmp_path / "state", clock)
    fill(log, clock, 3)
    clock.move(days=-40)  # someone sets the clock back
    fill(log, clock, 3)
    clock.move(days=40)
    assert log.prune(days=20) == 0  # the old-looking ones stand behind younger ones
    log.close()


def test_the_commands(tmp_path: Path, clock: MovedClock) -> None:
    state = tmp_path / "state"
    assert jmedqa(state, "audit", "verify").returncode == 6
    log = audit_log(state, clock)
    fill(log, clock, 4)
    kept = tmp_path / "head"
    kept.write_text(log.head_file.read_text(encoding="ascii"), encoding="ascii")
    log.close()
    assert jmedqa(state, "audit", "verify").returncode == 0
    assert jmedqa(state, "audit", "verify", "--head", str(kept)).returncode == 0
    lines = jmedqa(state, "audit", "export", "--since", "2026-11-24", "--until", "2026-11-25").stdout
    assert [json.loads(line)["number"] for line in lines.splitlines()] == [1, 2, 3, 4]
    assert not jmedqa(state, "audit", "export", "--since", "2026-11-25").stdout
    assert "0 entries deleted" in jmedqa(state, "audit", "prune").stderr
    log = audit_log(state, clock)
    log.database.write_now(lambda db: db.execute("DROP TRIGGER entries_are_not_changed"))
    log.database.write_now(lambda db: db.execute("UPDATE entries SET entry_json = '{}' WHERE number = 2"))
    log.close()
    found = jmedqa(state, "audit", "verify")
    assert (found.returncode, found.stdout) == (6, "2: it, or what stood before it, was changed\n")
    assert jmedqa(state, "audit", "prune").returncode == 6
