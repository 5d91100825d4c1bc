"""The arrows between the layers, and what the service must not know."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
LAYERS = ("corpora", "indexer", "service", "benchmarks")


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The four layers as they are, to be spoilt."""
    for layer in LAYERS:
        skipped = shutil.ignore_patterns("__pycache__", "starter")
        shutil.copytree(REPOSITORY / layer, tmp_path / layer, ignore=skipped)
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_go_downwards_only() -> None:
    done = linted(REPOSITORY)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("lower", "upper"),
    [("corpora", "indexer"), ("corpora", "benchmarks"), ("indexer", "service"), ("service", "benchmarks")],
)
def test_an_upward_import_would_be_noticed(copy: Path, lower: str, upper: str) -> None:
    assert linted(copy).returncode == 0
    (copy / lower / "spoilt.py").write_text(f"import {upper}\n", encoding="utf-8")
    done = linted(copy)
    assert done.returncode == 1
    assert f"{lower}.spoilt -> {upper}" in done.stdout


def test_no_file_of_the_service_names_an_engine() -> None:
    named = [
        f"{path.relative_to(REPOSITORY)}:{number}"
        for path in (REPOSITORY / "service").rglob("*")
        if path.suffix in (".py", ".html", ".js", ".css")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"torch|vllm|faiss|mecab|fugashi", line, re.IGNORECASE)
    ]
    assert named == []


def test_importing_the_whole_service_loads_no_model_library() -> None:
    code = """
import pkgutil, sys, service
for module in pkgutil.walk_packages(service.__path__, "service."):
    __import__(module.name)
assert "service.api.app" in sys.modules
print(sorted({"torch", "vllm", "transformers", "sentence_transformers", "benchmarks"} & set(sys.modules)))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
