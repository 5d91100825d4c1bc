"""All that a machine without a network needs, in one folder: wheels, index, corpus, settings, checksums.

Sources are built to wheels here, from archives whose hashes the lock names; the bundle's own list then names
the hash of every wheel as it is, so that the installation again takes nothing on trust.
"""

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib import resources
from pathlib import Path

from indexer import current_name
from service.errors import ServiceError

SUMS = "SHA256SUMS"
LIST = "requirements.txt"


class BundleFailed(ServiceError):  # noqa: N818  (it says what happened)
    """A bundle cannot be made; names the step and the cure."""

    code = "bundle-failed"
    exit_code = 2


def make_bundle(
    out: Path,
    *,
    project: Path,
    requirements: Path,
    index: Path | None = None,
    corpus: Path | None = None,
    config: Path | None = None,
) -> Path:
    """Write the bundle into ``out``, which must not exist; it appears when it is complete.

    Args:
        project: The source tree whose wheel is made.
        requirements: The lock, with hashes.
        index: An index folder; its live generation is taken.

    Raises:
        BundleFailed: If a package cannot be had, or ``out`` exists. Nothing is left behind.
        IndexFailure: If ``index`` holds no index.
    """
    if out.exists():
        raise BundleFailed(f"{out} は既にあります。", f"{out} exists already: name another folder.")
    making = out.with_name(f"{out.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    try:
        wheels = making / "wheels"
        wheels.mkdir(parents=True)
        _wheels(wheels, "--require-hashes", "-r", str(requirements))
        _wheels(wheels, "--no-build-isolation", str(project))
        (making / LIST).write_text("".join(_listed(wheels)), encoding="utf-8")
        if index is not None:
            _copy_index(index, making / "index")
        if corpus is not None:
            shutil.copytree(corpus, making / "corpus")
        if config is not None:
            shutil.copyfile(config, making / "serve.toml")
        script = resources.files("service").joinpath("static/install.sh").read_text(encoding="utf-8")
        (making / "install.sh").write_text(script, encoding="utf-8")
        about = {"python": platform.python_version(), "machine": platform.machine(), "system": sys.platform}
        (making / "bundle.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        (making / SUMS).write_text("".join(_sums(making)), encoding="utf-8")
        making.rename(out)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return out


def _wheels(folder: Path, *what: str) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(  # noqa: S603  (pip of this interpreter, no shell)
        [*command, "--wheel-dir", str(folder), *what], capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise BundleFailed(
            f"パッケージを取得できません: {reason[0]}",
            f"pip could not provide {' '.join(what)}: {reason[0]}",
        )


def _listed(wheels: Path) -> Iterator[str]:
    """One requirement a wheel, with its hash."""
    for wheel in sorted(wheels.iterdir()):
        name, version = wheel.name.split("-")[:2]
        yield f"{name}=={version} --hash=sha256:{_digest(wheel)}\n"


def _copy_index(index: Path, out: Path) -> None:
    name = current_name(index)
    shutil.copytree(index / "generations" / name, out / "generations" / name)
    shutil.copyfile(index / "CURRENT", out / "CURRENT")


def _sums(folder: Path) -> Iterator[str]:
    """As ``sha256sum`` writes them."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield f"{_digest(file)}  {file.relative_to(folder).as_posix()}\n"


def _digest(file: Path) -> str:
    digest = sha256()
    with file.open("rb") as opened:
        while part := opened.read(2**20):
            digest.update(part)
    return digest.hexdigest()
