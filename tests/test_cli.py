"""The one command: lazy layers, documented exit codes, no stack traces."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def jmedqa(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jmedqa", *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_help_imports_no_layer() -> None:
    code = """
import sys, jmedqa
sys.argv = ["jmedqa", "--help"]
try:
    jmedqa.main()
except SystemExit:
    pass
layers = ("corpora", "indexer", "service", "benchmarks")
print([name for name in layers if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("command", ["corpus", "index", "bench", "case", "rate", "ask", "serve", "doctor"])
def test_help_lists_every_command(command: str) -> None:
    assert command in jmedqa("--help").stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (["nonsense"], 2, "nonsense"),
        (["index", "build", "--corpus", "does-not-exist", "--out", "{tmp}/i"], 3, "no such file or folder"),
        (["index", "build", "--out", "{tmp}/i"], 2, "--corpus"),
        (["index", "info", "--index", "{tmp}/none"], 4, "jmedqa index build"),
        (["index", "search", "--index", "{tmp}/none", "質問"], 4, "jmedqa index build"),
        (["ask", "--index", "{tmp}/none", "質問"], 4, "jmedqa index build"),
        (["ask", "--index", "{tmp}/none", "   "], 2, ""),
        (["index", "build", "--corpus", "README.md", "--out", "/etc/passwd/x"], 4, "Not a directory"),
        (["serve", "--config", "{tmp}"], 2, "cannot be used"),
        (["bench", "retrieval", "--set", "nonsense"], 2, "nando"),
        (["bench", "retrieval", "--data", "{tmp}"], 2, "does not exist"),
    ],
)
def test_exit_codes_and_messages(tmp_path: Path, arguments: list[str], exit_code: int, said: str) -> None:
    done = jmedqa(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert done.returncode == exit_code, done.stderr
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_malformed_corpus_line_is_named_and_nothing_is_built(tmp_path: Path) -> None:
    corpus = tmp_path / "c.jsonl"
    corpus.write_text('{"id": "1", "text": "本文。"}\n{"id": "2"}\n', encoding="utf-8")
    done = jmedqa("index", "build", "--corpus", str(corpus), "--out", str(tmp_path / "i"))
    assert done.returncode == 3
    assert "c.jsonl:2" in "".join(done.stderr.split())
    assert jmedqa("index", "info", "--index", str(tmp_path / "i")).returncode == 4


def test_json_is_data_on_stdout(tmp_path: Path) -> None:
    corpus = tmp_path / "c.jsonl"
    corpus.write_text('{"id": "1", "text": "慢性腎臓病の管理。"}\n', encoding="utf-8")
    built = jmedqa("index", "build", "--corpus", str(corpus), "--out", str(tmp_path / "i"))
    assert built.returncode == 0, built.stderr
    info = json.loads(jmedqa("index", "info", "--index", str(tmp_path / "i"), "--json").stdout)
    assert info["counts"]["passages"] == 1
    found = jmedqa("index", "search", "--index", str(tmp_path / "i"), "--json", "慢性腎臓病")
    assert json.loads(found.stdout)["hits"][0]["passage_id"] == "1"


def test_a_port_that_is_taken_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JMEDQA_STATE__DIR", str(tmp_path / "state"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("JMEDQA_SERVER__PORT", str(taken.getsockname()[1]))
        done = jmedqa("serve")
    assert done.returncode == 2
    assert "Cannot listen on 127.0.0.1" in " ".join(done.stderr.split())
