"""What a rebuild costs the questions that are answered meanwhile.

One server on the starter corpus, one client that searches and asks without pause: first while nothing else
runs, then while a job of `POST /api/v1/index/rebuilds` encodes new documents. Prints one JSON object; the
two columns are of one run, and only their ratio means anything elsewhere.
"""

import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from corpora import STARTER

QUESTIONS = (
    "CKD患者で高カリウム血症を認めたときの初期対応は？",
    "SGLT2阻害薬の禁忌は？",
    "ネフローゼ症候群の原因と治療は？",
    "敗血症性ショックの初期輸液は？",
)
KINDS = ("search", "answer")

Latencies = dict[str, list[float]]


def main(
    seconds: Annotated[float, typer.Option(help="Of measuring without a rebuild; at most, with one.")] = 30.0,
    documents: Annotated[int, typer.Option(help="New documents that the rebuild has to encode.")] = 400,
) -> None:
    """Measure, print."""
    with tempfile.TemporaryDirectory(prefix="jmedqa-rebuild-") as made:
        folder = Path(made)
        new = folder / "new"
        new.mkdir()
        for number in range(documents):
            (new / f"d{number}.md").write_text(_document(number), encoding="utf-8")
        index = folder / "index"
        _run("index", "build", "--corpus", str(STARTER), "--out", str(index))
        (folder / "index.toml").write_text(f'[[corpus]]\npaths = ["{STARTER}", "{new}"]\n', encoding="utf-8")
        port = _free_port()
        (folder / "serve.toml").write_text(
            f'[server]\nport = {port}\nlog_level = "error"\n[index]\ndir = "{index}"\n'
            f'[state]\ndir = "{folder / "state"}"\n[jobs]\nrebuild_config = "{folder / "index.toml"}"\n',
            encoding="utf-8",
        )
        server = subprocess.Popen(
            [sys.executable, "-m", "jmedqa", "serve", "--config", str(folder / "serve.toml")]
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False) as client:
                _ready(client)
                _measured(client, 3.0)  # what is read for the first time is read here
                idle = _measured(client, seconds)
                job = client.post("/api/v1/index/rebuilds", json={}).raise_for_status().json()["href"]
                busy = _measured(client, seconds, job)
                status = client.get(job).json()["status"]
                client.delete(job)
        finally:
            server.terminate()
            server.wait()
    columns = {"idle": _told(idle), "during": _told(busy)}
    ratios = {
        kind: round(columns["during"][kind]["p95_ms"] / columns["idle"][kind]["p95_ms"], 2) for kind in KINDS
    }
    print(json.dumps({**columns, "p95_ratio": ratios, "job": status}, indent=1))


def _measured(client: httpx.Client, seconds: float, job: str | None = None) -> Latencies:
    """Seconds of each request; with a job only while it runs. A reply that is not 200 ends it all."""
    found: Latencies = {kind: [] for kind in KINDS}
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        if job is not None and client.get(job).json()["finished_at"]:
            break
        question = QUESTIONS[number % len(QUESTIONS)]
        number += 1
        began = time.perf_counter()
        client.get("/api/v1/search", params={"q": question}).raise_for_status()
        searched = time.perf_counter()
        client.post("/api/v1/answers", json={"question": question}).raise_for_status()
        found["search"].append(searched - began)
        found["answer"].append(time.perf_counter() - searched)
    return found


def _told(found: Latencies) -> dict[str, Any]:
    return {
        kind: {
            "requests": len(times),
            "p50_ms": round(1_000 * statistics.median(times), 1),
            "p95_ms": round(1_000 * statistics.quantiles(times, n=20)[-1], 1),
        }
        for kind, times in found.items()
    }


def _document(number: int) -> str:
    sections = "\n\n".join(
        f"## 節{part}\n資料{number}の第{part}節では、検査値{number}.{part}を確かめてから対応を決める。" * 3
        for part in range(5)
    )
    return f"---\nid: new-{number}\ntitle: 資料{number}\n---\n# 資料{number}\n\n{sections}\n"


def _ready(client: httpx.Client) -> None:
    for _ in range(600):
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "jmedqa", *arguments], check=True)


def _free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    typer.run(main)
