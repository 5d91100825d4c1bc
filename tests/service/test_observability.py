"""What operators read: complete, of bounded size, and without a word of what was asked."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from service.api.app import create_app
from service.settings import Settings
from tests.service.conftest import Start
from tests.service.faulty_server import FaultyServer, running
from tests.service.model_server import MODEL

BODY = {"question": "CKD患者で高カリウム血症を認めたときの緊急度は？"}
SECRET = "秘密の患者名"
DOCUMENTED = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def families(client: httpx.Client) -> dict[str, list[dict[str, str]]]:
    """Labels of every sample, by metric."""
    page = client.get("/metrics").text
    return {
        family.name: [sample.labels for sample in family.samples]
        for family in text_string_to_metric_families(page)
    }


def test_every_metric_is_documented_and_the_other_way_round(client: httpx.Client) -> None:
    rows = [line.split("`")[1] for line in DOCUMENTED.splitlines() if line.startswith("| `jmedqa_")]
    assert sorted(families(client)) == sorted(name.removesuffix("_total") for name in rows)


def test_labels_are_few_and_hold_nothing_that_was_sent(client: httpx.Client) -> None:
    client.post("/api/v1/answers", json={"question": SECRET})
    client.get("/api/v1/search", params={"q": SECRET})
    before = sum(map(len, families(client).values()))
    for number in range(30):
        client.request(f"ODD{number}", "/api/v1/search", params={"q": f"{SECRET}{number}"})
        client.get(f"/{SECRET}/{number}")
        client.get(f"/api/v1/passages/{SECRET}{number}", headers={"X-Request-ID": f"request-{number}"})
        client.post("/api/v1/answers", json={"question": SECRET, "strategy": f"made-up-{number}"})
    after = families(client)
    assert SECRET not in str(after)
    assert "made-up" not in str(after)
    # A few new combinations of method, route and status, and their buckets; not one a request.
    assert sum(map(len, after.values())) - before < 120


def test_steps_claims_and_abstentions_are_counted(start: Start) -> None:
    with running(FaultyServer()) as address:
        client = start(generator={"base_url": address, "model": MODEL})
        client.post("/api/v1/answers", json=BODY)
        page = client.get("/metrics").text
    for line in (
        "jmedqa_answer_steps_count 1.0",
        "jmedqa_answer_steps_sum 1.0",
        'jmedqa_claims_total{status="unverified"} 1.0',
        "jmedqa_verified_share_count 1.0",
        'jmedqa_tokens_total{kind="prompt"} 33.0',
        'jmedqa_generation_seconds_count{prompt="answer"} 1.0',
        "jmedqa_queue_wait_seconds_count 1.0",
        "jmedqa_queue_depth 0.0",
        'jmedqa_model_circuit{state="closed"} 1.0',
    ):
        assert line in page


def test_log_lines_are_json_with_the_fields_operators_need(index_dir: Path, tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from fastapi.testclient import TestClient\n"
        "from service.api.app import create_app\n"
        "from service.logs import configure_logs\n"
        "from service.settings import Settings\n"
        "configure_logs()\n"
        "settings = Settings(index={'dir': sys.argv[1]}, state={'dir': sys.argv[2]})\n"
        "with TestClient(create_app(settings), base_url='http://127.0.0.1:8000') as client:\n"
        "    body, headers = {'question': sys.argv[3]}, {'X-Request-ID': 'req-1234'}\n"
        "    client.post('/api/v1/answers', json=body, headers=headers)\n"
    )
    arguments = [sys.executable, "-c", script, str(index_dir), str(tmp_path / "state"), BODY["question"]]
    done = subprocess.run(
        arguments, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    request = next(line for line in lines if line["event"] == "request")
    assert {key: request[key] for key in ("request_id", "method", "route", "status", "level")} == {
        "request_id": "req-1234",
        "method": "POST",
        "route": "/api/v1/answers",
        "status": 200,
        "level": "info",
    }
    assert request["seconds"] > 0
    answer = next(line for line in lines if line["event"] == "answer")
    assert answer["request_id"] == "req-1234"
    assert (answer["strategy"], answer["steps"]) == ("stepwise", 1)
    assert answer["generation"]
    assert "高カリウム" not in done.stderr


def test_fastapis_own_spans_stay_off() -> None:
    """They hold the query string."""
    app = create_app(Settings())
    assert not app._native_telemetry.enabled()
