"""Staged cases on the real vLLM: every question of both arms becomes a record, and none is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.cases.cli import STAGES
from corpora import Document
from indexer import build_index
from service.cases import load_protocol
from service.cases.agents import CaseAnswer
from tests.vllm.vllm_server import VllmServer

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]

CASES = ("neph-01", "neph-02")
TEXT = "高カリウム血症では心電図を記録し、変化があればグルコン酸カルシウムを静注する。"


@pytest.mark.parametrize("arm", ["none", "per_question"])
def test_two_cases_end_in_eighteen_records(tmp_path: Path, vllm_server: VllmServer, arm: str) -> None:
    build_index([Document(doc_id="k", title="高カリウム血症", text=TEXT)], tmp_path / "index")
    # SmolLM2 knows no Japanese and writes until it is cut: short replies prove the records as well.
    environment = {
        **os.environ,
        "JMEDQA_GENERATOR__BASE_URL": vllm_server.base_url,
        "JMEDQA_LIMITS__K": "1",
        "JMEDQA_LIMITS__ANSWER_TOKENS": "32",
        "JMEDQA_LIMITS__STEP_TOKENS": "32",
    }
    command = [sys.executable, "-m", "jmedqa", "case", "run", *(str(STAGES / f"{c}.toml") for c in CASES)]
    command += ["--retrieval", arm, "--index", str(tmp_path / "index"), "--out", str(tmp_path / "run"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=800, check=False)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert sum(counts[name] for name in ("answered", "abstained", "failed", "skipped")) == 18
    lines = (tmp_path / "run" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    records = [CaseAnswer.model_validate_json(line) for line in lines]
    expected = [(case, question) for case in CASES for question in load_protocol().question_ids]
    assert [(record.case_id, record.question_id) for record in records] == expected
    assert all(record.answer or record.error for record in records)
