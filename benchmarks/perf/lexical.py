"""Lexical search against rank-bm25, bm25s and tantivy: all index the same passages, all search in turns.

    python -m benchmarks.perf.lexical --corpus var/perf/1000000 --peers .venv-peers/bin/python

Engines take turns a few queries at a time, so that whatever else the machine does falls on all of them
alike; what counts are the ratios. One thread each. Agreement is with the engine named first.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.perf.corpus import SyntheticCorpus
from benchmarks.perf.engines import ENGINES, OWN, TOP

TURN = 10
"""Queries in a row."""


def command(name: str, corpus: Path, folder: Path, action: str, peers: Path) -> list[str]:
    python = sys.executable if name in OWN else str(peers)
    return [python, "-m", "benchmarks.perf.worker", name, str(corpus), str(folder), action]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}


def index_folder(corpus: Path, name: str) -> Path:
    """Both backends of bm25s read the same index."""
    return corpus / "indexes" / ("bm25s" if name.startswith("bm25s") else name)


def build(name: str, corpus: Path, peers: Path) -> dict[str, float]:
    """Build afresh, unless that was done before; remember what it took."""
    folder = index_folder(corpus, name)
    record = folder.with_name(folder.name + ".json")
    if not record.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        done = subprocess.run(
            command(name, corpus, folder, "build", peers),
            stdout=subprocess.PIPE,
            check=True,
            env=environment(),
        )
        record.write_bytes(done.stdout.splitlines()[-1])
    report: dict[str, float] = json.loads(record.read_bytes())
    return report


class Searcher:
    """A worker that has its index open."""

    def __init__(self, name: str, corpus: Path, peers: Path) -> None:
        self._process = subprocess.Popen(
            command(name, corpus, index_folder(corpus, name), "search", peers),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        self.opening: dict[str, float] = self._reply()

    def search(self, start: int, end: int) -> Any:
        assert self._process.stdin
        self._process.stdin.write(f"{start} {end}\n")
        self._process.stdin.flush()
        return self._reply()

    def close(self) -> None:
        self._process.communicate()

    def _reply(self) -> Any:
        assert self._process.stdout
        line = ""
        while not line.startswith("{"):
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError("a worker ended early; its message is above")
        return json.loads(line)


def run(
    corpus: Path, names: list[str], peers: Path, rounds: int, queries: int
) -> dict[str, dict[str, float]]:
    results = {name: build(name, corpus, peers) for name in names}
    searchers = {name: Searcher(name, corpus, peers) for name in names}
    times: dict[str, list[float]] = {name: [] for name in names}
    found: dict[str, list[list[int]]] = {name: [] for name in names}
    for number in range(rounds + 1):  # the first one warms up
        for start in range(0, queries, TURN):
            for name in names:
                reply = searchers[name].search(start, min(start + TURN, queries))
                if number == 0:
                    found[name] += reply["rows"]
                else:
                    times[name] += reply["ms"]
    for name, searcher in searchers.items():
        results[name] |= {**searcher.opening, "query_ms": median(times[name])}
        results[name]["query_mean_ms"] = sum(times[name]) / len(times[name])
        searcher.close()
    for name in names:
        for k in (10, TOP):
            results[name][f"agreement_top_{k}"] = agreement(found[name], found[names[0]], k)
    return results


def agreement(ours: list[list[int]], others: list[list[int]], k: int) -> float:
    """Mean share of the best ``k`` that two engines have in common."""
    shared = [
        len({*one[:k]} & {*two[:k]}) / max(1, len(two[:k])) for one, two in zip(ours, others, strict=True)
    ]
    return sum(shared) / len(shared)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers/bin/python"))
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=list(ENGINES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    facts = json.loads((arguments.corpus / "facts.json").read_text())
    queries = min(arguments.queries, len(SyntheticCorpus(arguments.corpus).queries()))
    results = run(arguments.corpus, arguments.engines, arguments.peers, arguments.rounds, queries)
    report = {"corpus": facts, "engines": results}
    text = json.dumps(report, indent=1)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
