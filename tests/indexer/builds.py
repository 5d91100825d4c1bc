"""Starting many real builds of a small corpus, some of them on a disk that fails."""

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from corpora import read_corpus
from tests.indexer.conftest import write_random_vectors
from tests.requirements import REPOSITORY, missing

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)}
KILL = -1
"""As in shim.c."""


def write_corpus(folder: Path, passages: int) -> Path:
    """A corpus with the vectors of its passages, so that a build spends its time on what can break."""
    folder.mkdir(parents=True)
    texts = [f"腎臓の検査{number}について、{number}.5 mg/dLを基準とする。" * 3 for number in range(passages)]
    lines = [json.dumps({"id": f"d{number:03d}", "text": text}) for number, text in enumerate(texts)]
    (folder / "passages.jsonl").write_text("\n".join(lines))
    write_random_vectors(folder / "vectors.npz", list(read_corpus([folder])))
    write_config(folder)
    return folder


def write_config(corpus: Path, name: str = "corpus", more: str = "") -> Path:
    """How to build it, without the shipped synonyms: reading them would take longer than all else."""
    config = corpus.with_name(f"{name}.toml")
    config.write_text(
        f'[[corpus]]\npaths = ["{corpus}"]\n[index]\nvectors = ["{corpus / "vectors.npz"}"]\n'
        f"[index.analysis]\nshipped_synonyms = false\n{more}"
    )
    return config


def compile_shim(folder: Path) -> Path:
    """`shim.c` as a library to preload, or a skip where there is no C compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        missing("gcc", "install a C compiler; the failing disk is a small C library")
    library = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


@dataclass(frozen=True)
class Ended:
    code: int
    said: str


@dataclass(frozen=True)
class Started:
    pid: int
    said: Path


class BuildServer:
    """The process of `build_server.py`; a context."""

    def __init__(self, folder: Path, shim: Path | None = None) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        environment = ENVIRONMENT | ({"LD_PRELOAD": str(shim)} if shim else {})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.indexer.build_server"],
            env=environment,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._answer() == "ready"

    def __enter__(self) -> "BuildServer":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def start(
        self,
        corpus: Path,
        out: Path,
        *,
        config: Path | None = None,
        below: Path | None = None,
        fatal: int = 0,
        fault: int = 0,
        log: Path | None = None,
        size_limit: int | None = None,
    ) -> Started:
        """Start a build.

        Args:
            config: Instead of the one that came with the corpus.
            below: Where steps are counted; needs the shim.
            fatal: The step that fails; 0 for none.
            fault: With which errno, or `KILL`.
            log: Where steps are written down.
            size_limit: Bytes; the kernel refuses to make a file larger.
        """
        said = self._folder / f"said-{next(self._numbers) % 100}"
        order = {
            "config": str(config or corpus.with_suffix(".toml")),
            "out": str(out),
            "said": str(said),
            "below": None if below is None else str(below),
            "fatal": fatal,
            "fault": fault,
            "log": None if log is None else str(log),
            "size_limit": size_limit,
        }
        return Started(int(self._ask({"start": order})), said)

    def wait(self, started: Started) -> Ended:
        code = int(self._ask({"wait": started.pid}))
        return Ended(code, started.said.read_text(encoding="utf-8") if started.said.exists() else "")

    def run(self, corpus: Path, out: Path, **how: object) -> Ended:
        return self.wait(self.start(corpus, out, **how))  # type: ignore[arg-type]

    def _ask(self, order: object) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


READER = """
import sys, time
from pathlib import Path
from indexer import HybridIndex, MeCabAnalyzer
analyzer, opened, generations = MeCabAnalyzer(), 0, set()
print("ready", flush=True)
while not Path(sys.argv[2]).exists():
    with HybridIndex.open(Path(sys.argv[1]), analyzer=analyzer, verify=True) as index:
        assert index.degraded is None, index.degraded
        hits = index.search("腎臓の検査", k=3, mode="lexical").hits
        assert len(hits) == 3, hits
        assert index.passage(hits[0].passage_id).passage.text
        assert len(index.passages) == index.manifest.counts.passages
        generations.add(index.generation)
    opened += 1
    time.sleep(0.05)
print(opened, len(generations))
"""


@contextmanager
def readers_all_along(out: Path, readers: int = 1) -> Iterator[list[tuple[int, int]]]:
    """Processes that open (checksums and all) and search in a loop.

    Yields a list that holds, once the block has ended, how often each opened and how many generations.
    """
    stop = out.parent / "stop"
    counted: list[tuple[int, int]] = []
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(out), str(stop)],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(readers)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    try:
        yield counted
    finally:
        stop.touch()
        ends = [(process, *process.communicate(timeout=60)) for process in processes]
        stop.unlink()
    for process, output, errors in ends:
        assert process.returncode == 0, errors
        opened, generations = output.split()
        counted.append((int(opened), int(generations)))


class Step(NamedTuple):
    """What a builder did to the disk; `failed` where the shim let it fail."""

    what: str
    path: str
    to: str
    failed: bool = False


def steps(log: Path) -> list[Step]:
    """What the shim wrote down."""
    found = []
    for line in log.read_text(encoding="utf-8").splitlines():
        what, path, to = line.split("\t")
        found.append(Step(what.removeprefix("failed "), path, to, what.startswith("failed ")))
    return found
