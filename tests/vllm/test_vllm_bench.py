"""One benchmark item on the real vLLM: asked in three arms, killed, resumed, reported."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.runs.folder import RECORDS, read_manifest, read_records
from benchmarks.runs.scored import LabelPrompt, OneTokenGenerator
from service.generators import Completion, Limits
from service.generators.openai_compatible import OpenAIGenerator, OpenAISettings
from service.prompts import Prompt
from service.questions import Choice, Question
from tests.benchmarks.runs.sample_run import abstracts
from tests.requirements import missing
from tests.service.conftest import build
from tests.vllm import setup_env
from tests.vllm.vllm_server import ENVIRONMENT, FLAGS, SERVED_NAME, VllmServer

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]


def test_a_run_on_vllm_is_killed_resumed_and_reported(
    vllm_server: VllmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JMEDQA_DATA", raising=False)  # it goes before the file's own `data`
    index = build(tmp_path / "built")
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "ori_pqal.json").write_text(json.dumps(abstracts(1)), encoding="utf-8")
    config = tmp_path / "run.toml"
    config.write_text(
        f"""
data = "{tmp_path}"
[[models]]
name = "smollm2"
base_url = "{vllm_server.base_url}"
first_token_timeout_s = 600
total_timeout_s = 900
concurrency = 1
[[tasks]]
task = "pubmedqa-question"
data = "papers"
index = "{index}"
[limits]
k = 1
max_steps = 2
evidence_chars = 300
step_tokens = 160
answer_tokens = 256
""",
        encoding="utf-8",
    )
    out = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "jmedqa",
        "bench",
        "run",
        "--config",
        str(config),
        "--out",
        str(out),
        "--json",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as first:
        while first.poll() is None and not ((out / RECORDS).exists() and (out / RECORDS).read_bytes()):
            time.sleep(0.05)
        assert first.poll() is None, f"ended by itself before its first record: {first.returncode}"
        os.kill(first.pid, signal.SIGKILL)
    done = CliRunner().invoke(app, ["run", "--config", str(config), "--out", str(out), "--resume", "--json"])
    assert done.exit_code == 0, done.output
    records = read_records(out)
    assert {record.arm.split("/")[1] for record in records} == {"closed_book", "single", "stepwise"}
    assert {record.parsed.status for record in records} <= {"parsed", "abstained", "unparsed", "truncated"}
    said = read_manifest(out)["models"]["smollm2"]
    assert (said["served"], said["context_tokens"]) == (SERVED_NAME, 8192)
    assert said["server"].startswith("vLLM ")
    assert CliRunner().invoke(app, ["report", str(out)]).exit_code == 0
    assert "stepwise" in (out / "report" / "report.md").read_text(encoding="utf-8")


def test_vllm_gives_the_shares_of_one_token(vllm_server: VllmServer) -> None:
    settings = OpenAISettings(base_url=vllm_server.base_url, first_token_timeout_s=300)
    question = Question(
        text="Which organ makes urine?",
        choices=(Choice(label="A", text="The kidney"), Choice(label="B", text="The ear")),
    )

    async def ask() -> Completion:
        server = OpenAIGenerator(settings)
        scorer = OneTokenGenerator(settings, server)
        try:
            asked = LabelPrompt(question=question, steps=(), grounded=False)
            return await scorer.generate(cast("Prompt", asked), limits=Limits(max_tokens=1))
        finally:
            await scorer.close()
            await server.close()

    reply = asyncio.run(ask())
    shares = json.loads(reply.reasoning)
    assert reply.completion_tokens == 1
    assert shares.keys() <= {"A", "B"}
    assert not shares or sum(shares.values()) == pytest.approx(1)
    assert reply.text in {"", *shares}


def test_vllms_run_batch_answers_what_a_run_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One wave through the real command; no server of its own is running then."""
    monkeypatch.delenv("JMEDQA_DATA", raising=False)
    if not setup_env.is_ready():
        missing("vllm", "the environment is not made or out of date: run `make vllm-setup`")
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "ori_pqal.json").write_text(json.dumps(abstracts(2)), encoding="utf-8")
    config = tmp_path / "run.toml"
    config.write_text(
        f"""
data = "{tmp_path}"
strategies = ["closed_book"]
[[models]]
name = "smollm2"
model = "{SERVED_NAME}"
base_url = "http://127.0.0.1:9"
[[tasks]]
task = "pubmedqa-question"
data = "papers"
[limits]
answer_tokens = 48
""",
        encoding="utf-8",
    )
    requests, replies, out = tmp_path / "requests.jsonl", tmp_path / "replies.jsonl", tmp_path / "run"
    command = ["batch", "--config", str(config), "--out", str(out), "--requests", str(requests), "--json"]
    first = CliRunner().invoke(app, command)
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["requests"] == 2
    path = f"{setup_env.VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [
            *(setup_env.VENV / "bin" / "vllm", "run-batch", "-i", requests, "-o", replies),
            *("--model", setup_env.MODEL, "--served-model-name", SERVED_NAME, *FLAGS[:-1]),
        ],
        env={
            **os.environ,
            **ENVIRONMENT,
            "PATH": path,
        },
        check=True,
        timeout=600,
    )
    second = CliRunner().invoke(app, [*command, "--replies", str(replies)])
    assert second.exit_code == 0, second.output
    counts = json.loads(second.stdout)
    assert (counts["taken_in"], counts["lines_failed"]) == (2, 0)
    # What was answered wants its choice next; what was cut at the limit has its record.
    assert counts["records"] + counts["requests"] == 2
    assert {record.parsed.status for record in (read_records(out) if counts["records"] else ())} <= {
        "truncated"
    }
