"""A bundle installs without a network, and not at all where a byte of it is wrong."""

import base64
import os
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from indexer import current_name
from service.bundling import BundleFailed, make_bundle

REPOSITORY = Path(__file__).parents[2]


def wheel(folder: Path, name: str) -> Path:
    """A package of one module, as pip wants it."""
    files = {
        f"{name}.py": "VALUE = 1\n",
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{name}-1.0.dist-info/RECORD"
    lines = []
    for file, text in files.items():
        digest = base64.urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{file},sha256={digest},{len(text)}\n")
    folder.mkdir(exist_ok=True)
    made = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as opened:
        for file, text in {**files, record: "".join(lines) + f"{record},,\n"}.items():
            opened.writestr(file, text)
    return made


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A project of one module and a lock of one package, from a folder instead of a registry."""
    dependency = wheel(tmp_path / "registry", "tiny_dependency")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(dependency.parent))
    project = tmp_path / "project"
    project.mkdir()
    (project / "tiny_project.py").write_text("import tiny_dependency\n")
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "tiny-project"\nversion = "2.0"\n'
        '[tool.setuptools]\npy-modules = ["tiny_project"]\n'
    )
    lock = tmp_path / "lock.txt"
    digest = sha256(dependency.read_bytes()).hexdigest()
    lock.write_text(f"tiny-dependency==1.0 --hash=sha256:{digest}\n")
    return {"project": project, "requirements": lock}


def install(bundle: Path, to: Path) -> subprocess.CompletedProcess[str]:
    """As on a machine without a registry: no pip setting of this one reaches it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/none"}
    command = ["sh", str(bundle / "install.sh"), str(to), sys.executable]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.scale
def test_a_bundle_installs_without_a_registry(
    parts: dict[str, Path], index_dir: Path, tmp_path: Path
) -> None:
    config = REPOSITORY / "configs" / "serve.toml"
    bundle = make_bundle(
        tmp_path / "bundle", index=index_dir, corpus=index_dir.parent / "corpus", config=config, **parts
    )
    done = install(bundle, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    python = tmp_path / "site" / "venv" / "bin" / "python"
    subprocess.run([str(python), "-c", "import tiny_project"], check=True)
    assert current_name(tmp_path / "site" / "index") == current_name(index_dir)
    assert (tmp_path / "site" / "corpus" / "metformin.md").exists()
    assert (tmp_path / "site" / "serve.toml").read_bytes() == config.read_bytes()

    # A byte that changed on the way, and a file that nobody listed.
    module = bundle / "wheels" / "tiny_dependency-1.0-py3-none-any.whl"
    content = module.read_bytes()
    module.write_bytes(content[:-1] + b"x")
    assert install(bundle, tmp_path / "other").returncode != 0
    module.write_bytes(content)
    (bundle / "wheels" / "more-1.0-py3-none-any.whl").write_bytes(b"")
    refused = install(bundle, tmp_path / "other")
    assert "copy it again" in refused.stderr
    assert not (tmp_path / "other").exists()


def test_a_package_whose_hash_is_not_the_locks_makes_no_bundle(
    parts: dict[str, Path], tmp_path: Path
) -> None:
    lock = parts["requirements"]
    lock.write_text(lock.read_text()[:-9] + "00000000\n")
    with pytest.raises(BundleFailed):
        make_bundle(tmp_path / "bundle", **parts)
    assert not list(tmp_path.glob("bundle*"))


@pytest.mark.scale
@pytest.mark.timeout(1800)
def test_the_whole_bundle_answers_on_a_machine_without_a_registry(tmp_path: Path, index_dir: Path) -> None:
    bundle = make_bundle(
        tmp_path / "bundle",
        project=REPOSITORY,
        requirements=REPOSITORY / "requirements" / "base.txt",
        index=index_dir,
        config=REPOSITORY / "configs" / "serve.toml",
    )
    done = install(bundle, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    command = tmp_path / "site" / "venv" / "bin" / "jmedqa"
    environment = {
        **os.environ,
        "JMEDQA_INDEX__DIR": str(tmp_path / "site" / "index"),
        "OMP_NUM_THREADS": "1",
    }
    asked = subprocess.run(
        [str(command), "ask", "CKD患者の高カリウム血症の初期対応は？", "--json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    assert "カルシウム" in asked.stdout
