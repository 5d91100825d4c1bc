"""Reports of the content policy: counted by directive, logged without addresses, bounded."""

import json
from typing import Any

import httpx
import pytest


def counted(client: httpx.Client) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    found = [line for line in lines if line.startswith("jmedqa_policy_breaches_total{")]
    return {line.split('"')[1]: float(line.rsplit(" ", 1)[1]) for line in found}


def report(**fields: Any) -> str:
    whole = {
        "document-uri": "http://127.0.0.1:8000/search?q=患者の病名",
        "effective-directive": "script-src-elem",
        "blocked-uri": "https://evil.example/a.js?secret",
        "script-sample": "alert(秘密)",
    }
    return json.dumps({"csp-report": {**whole, **fields}}, ensure_ascii=False)


def test_every_page_names_where_reports_go(client: httpx.Client) -> None:
    for path in ("/", "/search", "/api/v1/documents", "/nothing"):
        assert "report-uri /csp-reports" in client.get(path).headers["content-security-policy"]


def test_a_report_is_counted_and_logged_without_what_was_asked(
    client: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    before = counted(client)
    headers = {"Content-Type": "application/csp-report"}
    assert client.post("/csp-reports", content=report(), headers=headers).status_code == 204
    unknown = report(**{"effective-directive": "x" * 500})
    assert client.post("/csp-reports", content=unknown, headers=headers).status_code == 204
    after = counted(client)
    assert after["script-src-elem"] == before.get("script-src-elem", 0) + 1
    assert after["other"] == before.get("other", 0) + 1
    told = capfd.readouterr()
    for secret in ("病名", "secret", "秘密", "xxxx"):
        assert secret not in told.out + told.err


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"csp-report": 1}', "{}", "[" * 10_000, "a" * 20_000], ids=range(8)
)
def test_what_is_no_report_is_refused(client: httpx.Client, body: str) -> None:
    before = counted(client)
    assert client.post("/csp-reports", content=body).status_code in (400, 422)
    assert counted(client) == before
