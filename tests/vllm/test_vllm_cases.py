"""Staged cases on the real vLLM: every question of both arms becomes a record, and none is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from corpora import Document
from indexer import build_index
from service.cases import SYNTHETIC, Case, Stage, load_protocol
from service.cases.agents import CaseAnswer
from tests.vllm.vllm_server import VllmServer

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]

TEXT = "Calcium gluconate protects the heart in hyperkalaemia."


def short(number: int, complaint: str, result: str, course: str) -> Case:
    texts = {"history": complaint, "tests": result, "course": course}
    stages = tuple(Stage(name=name, text=text) for name, text in texts.items())
    return Case(
        case_id=f"short-{number:02}", specialty="nephrology", language="en", status=SYNTHETIC, stages=stages
    )


# Short and English: of the shipped cases SmolLM2's tokenizer makes thousands of tokens each.
CASES = (
    short(1, "A man of 70 with weakness.", "Potassium is 7.0 mEq/L.", "It fell to 5.0 mEq/L."),
    short(2, "A woman of 30 with oedema.", "Albumin is 1.9 g/dL.", "The oedema went away."),
)


@pytest.mark.parametrize("arm", ["none", "per_question"])
def test_two_cases_end_in_eighteen_records(tmp_path: Path, vllm_server: VllmServer, arm: str) -> None:
    build_index([Document(doc_id="k", title="Hyperkalaemia", text=TEXT)], tmp_path / "index")
    # SmolLM2 knows no Japanese and writes until it is cut: short replies prove the records as well.
    environment = {
        **os.environ,
        "JMEDQA_GENERATOR__BASE_URL": vllm_server.base_url,
        "JMEDQA_LIMITS__K": "1",
        "JMEDQA_LIMITS__ANSWER_TOKENS": "32",
        "JMEDQA_LIMITS__STEP_TOKENS": "32",
    }
    stages = tmp_path / "cases"
    stages.mkdir()
    for case in CASES:
        (stages / f"{case.case_id}.json").write_text(case.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-m", "jmedqa", "case", "run", str(stages), "--retrieval", arm, "--json"]
    command += ["--index", str(tmp_path / "index"), "--out", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=800, check=False)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert sum(counts[name] for name in ("answered", "abstained", "failed", "skipped")) == 18
    lines = (tmp_path / "run" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    records = [CaseAnswer.model_validate_json(line) for line in lines]
    ids = [case.case_id for case in CASES]
    expected = [(case, question) for case in ids for question in load_protocol().question_ids]
    assert [(record.case_id, record.question_id) for record in records] == expected
    assert all(record.answer or record.error for record in records)
