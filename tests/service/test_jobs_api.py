"""Rebuilding over REST: a child process that outlives its server, with the service answering meanwhile."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from indexer.generations import build_lock
from tests.service.conftest import DOCUMENTS, Start, build
from tests.service.running import closed_port

REPOSITORY = Path(__file__).resolve().parents[2]


def until(ready: Callable[[], Any], seconds: float = 90) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return found


def settings(folder: Path) -> dict[str, Any]:
    """An index with one generation, and a configuration that rebuilds it."""
    index = build(folder)
    config = folder / "index.toml"
    config.write_text('[[corpus]]\npaths = ["corpus"]\n', encoding="utf-8")
    return {"index": {"dir": index}, "jobs": {"rebuild_config": config, "poll_s": 0.05}}


def write_document(folder: Path, name: str, sentences: int = 1) -> None:
    text = "\n\n".join(
        f"## 節{number}\n{name}の第{number}節では検査値{number}.{number}を確かめる。"
        for number in range(sentences)
    )
    body = f"---\nid: {name}\ntitle: {name}\n---\n# {name}\n\n{text}\n"
    (folder / "corpus" / f"{name}.md").write_text(body, encoding="utf-8")


def started(client: httpx.Client) -> dict[str, Any]:
    response = client.post("/api/v1/index/rebuilds", json={})
    assert response.status_code == 202, response.text
    job: dict[str, Any] = response.json()
    assert response.headers["location"] == job["href"]
    return job


def ended(client: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(job["href"]).json()
        return found if found["finished_at"] else None

    found: dict[str, Any] = until(look)
    return found


def child(folder: Path, job: dict[str, Any]) -> int:
    """The process that works on a job, from the file it is known by."""
    found = next(folder.rglob(f"{job['job_id']}.child"))
    return int(json.loads(found.read_text())["process_id"])


def running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_questions_are_answered_while_the_index_is_rebuilt(start: Start, tmp_path: Path) -> None:
    client = start(**settings(tmp_path))
    before = client.get("/readyz").json()["generation"]
    write_document(tmp_path, "amlodipine", 40)
    job = started(client)
    statuses: list[int] = []
    asked = {"question": "CKD患者で高カリウム血症を認めたときの初期対応は？"}
    while not client.get(job["href"]).json()["finished_at"]:
        statuses.append(client.post("/api/v1/answers", json=asked).status_code)
        statuses.append(client.get("/api/v1/search", params={"q": "メトホルミンの禁忌"}).status_code)
    done = client.get(job["href"]).json()
    assert (done["status"], done["progress"]["stage"], done["error"]) == ("succeeded", "write", None)
    until(lambda: client.get("/readyz").json()["generation"] == done["result"]["generation"] != before)
    assert len(statuses) >= 2
    assert set(statuses) == {200}
    assert (
        client.get("/api/v1/documents/amlodipine").json()["passages"] == done["result"]["counts"]["encoded"]
    )


def test_progress_comes_as_events_and_ends_with_the_end(start: Start, tmp_path: Path) -> None:
    client = start(**settings(tmp_path))
    job = started(client)
    events = []
    with client.stream("GET", job["href"], headers={"Accept": "text/event-stream"}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for block in stream.read().decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if lines:
                events.append((lines["event"], json.loads(lines["data"])))
    assert [name for name, _ in events][-1] == "end"
    assert {name for name, _ in events[:-1]} <= {"progress"}
    assert [data["status"] for _, data in events][-1] == "succeeded"
    moments = [data["updated_at"] for _, data in events]
    assert moments == sorted(moments)
    again = client.get(job["href"], headers={"Accept": "text/event-stream"}).text
    assert again.startswith("event: end\n")


def test_a_child_works_behind_the_server_with_one_thread(start: Start, tmp_path: Path) -> None:
    client = start(**settings(tmp_path))
    write_document(tmp_path, "long", 120)
    job = started(client)
    process = child(tmp_path.parent, job)
    assert os.getpriority(os.PRIO_PROCESS, process) == 19
    environment = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    assert b"OMP_NUM_THREADS=1" in environment
    assert os.getsid(process) == process
    assert client.delete(job["href"]).status_code == 200


def test_a_stopped_job_leaves_the_index_as_it_was_and_its_work_is_taken_up(
    start: Start, tmp_path: Path
) -> None:
    client = start(**settings(tmp_path))
    generations = client.get("/api/v1/index/generations").json()
    write_document(tmp_path, "long", 120)
    job = started(client)

    def encoding() -> bool:
        progress = client.get(job["href"]).json()["progress"]
        return bool(progress) and progress["stage"] == "encode" and progress["done"] > progress["reused"]

    until(encoding)
    process = child(tmp_path.parent, job)
    stopped = client.delete(job["href"])
    assert (stopped.status_code, stopped.json()["status"]) == (200, "cancelled")
    assert not running(process)
    assert client.delete(job["href"]).json() == stopped.json()
    assert client.get("/api/v1/index/generations").json() == generations
    again = ended(client, started(client))
    assert again["status"] == "succeeded"
    assert again["result"]["counts"]["resumed_vectors"] > 0
    late = client.delete(again["href"])
    assert (late.status_code, late.json()["type"]) == (409, "urn:jmedqa:problem:job-finished")


def test_one_build_at_a_time(start: Start, tmp_path: Path) -> None:
    """Whoever builds: another job, or somebody at a terminal."""
    client = start(**settings(tmp_path))
    with build_lock(tmp_path / "index"):
        busy = client.post("/api/v1/index/rebuilds", json={})
    assert (busy.status_code, busy.json()["type"]) == (409, "urn:jmedqa:problem:index-busy")
    write_document(tmp_path, "long", 120)
    job = started(client)
    busy = client.post("/api/v1/index/rebuilds", json={})
    assert (busy.status_code, job["job_id"] in busy.json()["en"]) == (409, True)
    assert client.delete(job["href"]).status_code == 200
    listed = client.get("/api/v1/jobs", params={"limit": 1}).json()
    assert [one["job_id"] for one in listed["items"]] == [job["job_id"]]
    assert listed["next_cursor"] is None


def test_a_failed_build_says_why_and_changes_nothing(start: Start, tmp_path: Path) -> None:
    client = start(**settings(tmp_path))
    generations = client.get("/api/v1/index/generations").json()
    (tmp_path / "corpus" / "twice.md").write_text(
        "---\nid: metformin\ntitle: x\n---\n# x\n\n二つ目。\n", encoding="utf-8"
    )
    failed = ended(client, started(client))
    assert (failed["status"], failed["error"]["code"]) == ("failed", "CorpusError")
    assert "metformin" in failed["error"]["en"]
    assert client.get("/api/v1/index/generations").json() == generations


def test_no_request_names_what_is_built(start: Start, tmp_path: Path, client: httpx.Client) -> None:
    assert client.post("/api/v1/index/rebuilds", json={"config": "/etc/passwd"}).status_code == 422
    refused = client.post("/api/v1/index/rebuilds", json={})
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:jmedqa:problem:rebuild-not-configured",
    )
    assert client.get("/api/v1/jobs/job_none").status_code == 404


def test_verifying_finds_the_damaged_generation(start: Start, tmp_path: Path) -> None:
    client = start(**settings(tmp_path))
    build(tmp_path, {**DOCUMENTS, "other": "---\nid: other\ntitle: x\n---\n# x\n\n本文である。\n"})
    old = sorted((tmp_path / "index" / "generations").iterdir())[0]
    (old / "passages.jsonl").write_bytes(b"x" * (old / "passages.jsonl").stat().st_size)
    job = client.post("/api/v1/index/verifications", json={}).json()
    done = ended(client, job)
    assert (done["status"], done["result"]["whole"]) == ("succeeded", False)
    assert [bool(one["faults"]) for one in done["result"]["generations"]] == [True, False]
    assert "sha256" in done["result"]["generations"][0]["faults"][0]


def test_generations_their_difference_and_the_way_back(start: Start, tmp_path: Path) -> None:
    client = start(**settings(tmp_path))
    write_document(tmp_path, "amlodipine")
    done = ended(client, started(client))
    newest = done["result"]["generation"]
    until(lambda: client.get("/readyz").json()["generation"] == newest)
    first, second = client.get("/api/v1/index/generations").json()["items"]
    assert (first["name"], first["current"], first["serving"]) == (newest, True, True)
    assert (second["current"], second["serving"], second["documents"]) == (False, False, 3)
    assert first["replaces"] == second["name"]

    changes = client.get("/api/v1/index/generations/diff").json()
    assert (changes["before"], changes["after"]) == (second["name"], newest)
    assert changes["documents"]["added"] == ["amlodipine"]
    assert changes["documents"]["counts"]["unchanged"] == 3
    back = client.get("/api/v1/index/generations/diff", params={"from": "current", "to": "previous"})
    assert back.json()["documents"]["removed"] == ["amlodipine"]
    tag = back.headers["etag"]
    asked = {"from": newest, "to": second["name"]}
    same = client.get("/api/v1/index/generations/diff", params=asked, headers={"If-None-Match": tag})
    assert same.status_code == 304

    done_back = client.post("/api/v1/index/rollback", json={}).json()
    assert done_back == {"live": second["name"], "before": newest, "newer": [newest]}
    assert client.get("/readyz").json()["generation"] == second["name"]
    assert client.get("/api/v1/documents/amlodipine").status_code == 404
    forward = client.post("/api/v1/index/rollback", json={"to": newest}).json()
    assert forward["live"] == client.get("/readyz").json()["generation"] == newest
    for response in (
        client.post("/api/v1/index/rollback", json={"to": "999999"}),
        client.get("/api/v1/index/generations/diff", params={"from": "999999"}),
    ):
        assert (response.status_code, response.json()["type"]) == (
            404,
            "urn:jmedqa:problem:unknown-generation",
        )


def test_no_question_fails_while_the_index_is_rolled_back_and_forth(start: Start, tmp_path: Path) -> None:
    client = start(**settings(tmp_path))
    build(tmp_path, {**DOCUMENTS, "other": "---\nid: other\ntitle: x\n---\n# x\n\n本文である。\n"})
    names = [one["name"] for one in client.get("/api/v1/index/generations").json()["items"]]
    asked = {"question": "CKD患者で高カリウム血症を認めたときの初期対応は？"}
    seen: list[tuple[int, str | None]] = []
    stopping = threading.Event()

    def hammer() -> None:
        with httpx.Client(base_url=client.base_url, timeout=60, trust_env=False) as other:
            while not stopping.is_set():
                reply = other.post("/api/v1/answers", json=asked)
                seen.append((reply.status_code, reply.json().get("provenance", {}).get("generation")))

    threads = [threading.Thread(target=hammer) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(6):
        to = names[(number + 1) % 2]
        assert client.post("/api/v1/index/rollback", json={"to": to}).json()["live"] == to
        assert client.get("/readyz").json()["generation"] == to
    stopping.set()
    for thread in threads:
        thread.join()
    assert {status for status, _ in seen} == {200}
    assert {generation for _, generation in seen} <= set(names)


@contextmanager
def server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / "serve.toml"
    process = subprocess.Popen(
        [sys.executable, "-m", "jmedqa", "serve", "--config", str(config)],
        cwd=REPOSITORY,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: answers(port) or process.poll() is not None)
        yield process
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.crash
def test_a_job_is_found_again_by_the_next_server(tmp_path: Path) -> None:
    """The first server is killed while its child is stopped in the middle of its work."""
    index = build(tmp_path)
    write_document(tmp_path, "long", 60)
    (tmp_path / "index.toml").write_text('[[corpus]]\npaths = ["corpus"]\n', encoding="utf-8")
    port = closed_port()
    (tmp_path / "serve.toml").write_text(
        f'[server]\nport = {port}\n[index]\ndir = "{index}"\npoll_s = 0.1\n'
        f'[state]\ndir = "{tmp_path / "state"}"\n'
        f'[jobs]\nrebuild_config = "{tmp_path / "index.toml"}"\n',
        encoding="utf-8",
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
        with server(tmp_path, port):
            job = started(client)
            lost = child(tmp_path, job)
            os.kill(lost, signal.SIGSTOP)
        assert running(lost)
        try:
            with server(tmp_path, port):
                found = client.get(job["href"]).json()
                assert (found["status"], found["finished_at"]) == ("running", None)
                os.kill(lost, signal.SIGCONT)
                done = ended(client, job)
                assert done["status"] == "succeeded"
                until(lambda: client.get("/readyz").json()["generation"] == done["result"]["generation"])
                dying = started(client)
                os.kill(child(tmp_path, dying), signal.SIGKILL)
                dead = ended(client, dying)
                assert (dead["status"], dead["error"]["code"]) == ("failed", "job-died")
        finally:
            os.kill(lost, signal.SIGCONT) if running(lost) else None
