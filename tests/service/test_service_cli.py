"""`jmedqa ask`, `serve` and `doctor` as separate processes."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.service.privacy.canaries import MARK, WAYS
from tests.service.running import closed_port

QUESTION = "CKD患者で高カリウム血症を認めたときの初期対応は？"


def jmedqa(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jmedqa", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **variables},
    )


def test_json_is_the_answer_and_nothing_else(index_dir: Path) -> None:
    done = jmedqa("ask", QUESTION, "--index", str(index_dir), "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert len(answer["steps"]) == 2
    assert answer["citations"]
    assert "緊急度の評価" in done.stderr


def test_a_reader_sees_text_sources_and_notices(index_dir: Path) -> None:
    done = jmedqa("ask", QUESTION, "--index", str(index_dir))
    assert "[E1]" in done.stdout
    assert "hyperkalaemia~" in done.stdout
    assert "臨床的な査読を受けていない資料です" in done.stdout
    assert "引用・数値の一致を確認" in done.stdout
    assert "検証済み" not in done.stdout


def test_choices_are_given_as_label_and_text(index_dir: Path) -> None:
    question = "高カリウム血症の心電図でみられるのはどれか。"
    choices = ["--choice", "A=テント状T波", "--choice", "B=デルタ波"]
    done = jmedqa("ask", question, *choices, "--index", str(index_dir), "--json")
    assert json.loads(done.stdout)["choice"] == "A"


@pytest.mark.parametrize(
    ("arguments", "variables", "exit_code", "said"),
    [
        ([QUESTION, "--choice", "A"], {}, 2, "LABEL=text"),
        ([QUESTION, "--choice", "A=x"], {}, 2, "at least two"),
        ([QUESTION, "--strategy", "guess"], {}, 2, "stepwise"),
        (["あ" * 20_001], {}, 2, "20000"),
        ([QUESTION, "--index", "/nowhere"], {}, 4, "jmedqa index build"),
        ([QUESTION, "--config", "/nowhere.toml"], {}, 2, "nowhere.toml"),
        ([QUESTION], {"JMEDQA_SERVER__WORKERS": "3"}, 2, "workers must be 1"),
        ([QUESTION, "--strategy", "closed_book"], {"JMEDQA_GENERATOR__BASE_URL": "{down}"}, 5, "base_url"),
    ],
)
def test_exit_codes(arguments: list[str], variables: dict[str, str], exit_code: int, said: str) -> None:
    down = f"http://127.0.0.1:{closed_port()}/v1"
    done = jmedqa("ask", *arguments, **{name: value.format(down=down) for name, value in variables.items()})
    assert done.returncode == exit_code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_doctor_finds_everything_in_order(index_dir: Path) -> None:
    done = jmedqa("doctor", "--index", str(index_dir), "--json")
    assert done.returncode == 0, done.stdout
    checks = {check["name"]: check["status"] for check in json.loads(done.stdout)["checks"]}
    assert checks == {
        "settings": "ok",
        "dictionary": "ok",
        "index": "ok",
        "encoder": "ok",
        "model_server": "skipped",
    }


def test_the_doctor_names_the_cure_for_what_is_broken(tmp_path: Path) -> None:
    down = f"http://127.0.0.1:{closed_port()}/v1"
    done = jmedqa("doctor", "--index", str(tmp_path / "none"), "--json", JMEDQA_GENERATOR__BASE_URL=down)
    assert done.returncode == 4
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert "jmedqa index build" in checks["index"]["detail"]
    assert (checks["model_server"]["status"], checks["encoder"]["status"]) == ("failed", "skipped")
    assert "generator.base_url" in checks["model_server"]["detail"]


async def _marked(address: str) -> None:
    """Every way that `tests.service.privacy` asks, on a real server."""
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as client:
        for number, way in enumerate(WAYS * 4):
            await way(client, MARK.format(number=number))


def test_serve_answers_and_logs_no_question(index_dir: Path, tmp_path: Path) -> None:
    port = closed_port()
    config = tmp_path / "serve.toml"
    config.write_text(
        f'[server]\nport = {port}\n[index]\ndir = "{index_dir}"\n[state]\ndir = "{tmp_path / "state"}"\n',
        encoding="utf-8",
    )
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "jmedqa", "serve", "--config", str(config)], stderr=stderr
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
                deadline = time.monotonic() + 60
                while True:
                    try:
                        if client.get("/readyz").status_code == 200:
                            break
                    except httpx.TransportError:
                        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
                        time.sleep(0.1)
                headers = {"X-Request-ID": "trace-me-0001"}
                answer = client.post("/api/v1/answers", json={"question": QUESTION}, headers=headers)
                assert answer.status_code == 200
                client.get("/api/v1/search", params={"q": "高カリウム血症"})
                client.post("/api/v1/answers", json={"question": "高カリウム血症", "k": "高カリウム血症"})
                asyncio.run(_marked(str(client.base_url)))
        finally:
            process.terminate()
            process.wait(timeout=30)
    text = log.read_text(encoding="utf-8")
    assert "高カリウム" not in text
    assert "%E9%AB%98" not in text
    assert "QANARY" not in text
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    ours = [line for line in lines if line.get("request_id") == "trace-me-0001"]
    assert ours
    assert ours[-1]["route"] == "/api/v1/answers"
    assert len(lines) >= len(text.splitlines()) - 1  # one line, the address, is for people
