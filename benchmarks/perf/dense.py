"""Dense search by kind: speed against the exact scan, and how much of its result is found.

    python -m benchmarks.perf.dense --rows 10000 100000 --kinds hnsw ivf-sq8
    python -m benchmarks.perf.dense --vectors real.npy

Without ``--vectors``, vectors have the mean and the spectrum of the encoder's own vectors of the starter
corpus (``corpora/starter/vectors.npz``), which it takes apart as its documents do: half of the variance
lies between documents. So topics are drawn with half of the covariance, ``PER_TOPIC`` rows each with the
other half around theirs. With ``--topics 0`` there are none: one Gaussian cloud, the hardest case, which
no text gives. Queries come from the same distribution. CPU time, one thread, kinds in turns.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import faiss
import numpy as np
from numpy.typing import NDArray

from corpora import STARTER
from indexer import DenseIndex, DenseSettings
from indexer.strings import SortedStrings
from indexer.vectors import unit

TOP = 100
QUERIES = 100
PER_TOPIC = 100
BETWEEN = 0.5
"""Share of the starter vectors' variance that lies between its documents: .503."""

Rows = NDArray[np.float32]


class Spectrum:
    """The distribution of the encoder's vectors: mean, covariance, and topics drawn from it."""

    def __init__(self, topics: int, rng: np.random.Generator) -> None:
        with np.load(STARTER / "vectors.npz") as arrays:
            vectors = unit(arrays["vectors"])
        self._rng = rng
        self._mean = vectors.mean(axis=0)
        _, sizes, axes = np.linalg.svd(vectors - self._mean, full_matrices=False)
        self._shape = ((sizes / np.sqrt(len(vectors)))[:, None] * axes).astype(np.float32)
        self._topics = self._normal(topics) * np.float32(BETWEEN**0.5) if topics else None

    def draw(self, count: int) -> Rows:
        rows = np.empty((count, len(self._mean)), np.float32)
        for start in range(0, count, 50_000):
            part = self._normal(min(50_000, count - start))
            if self._topics is not None:
                chosen = self._topics[self._rng.integers(len(self._topics), size=len(part))]
                part = part * np.float32((1 - BETWEEN) ** 0.5) + chosen
            rows[start : start + len(part)] = unit(part + self._mean)
        return rows

    def _normal(self, count: int) -> Rows:
        drawn: Rows = self._rng.standard_normal((count, len(self._shape)), np.float32) @ self._shape
        return drawn


def measure(rows: Rows, queries: Rows, kinds: list[DenseSettings]) -> list[dict[str, object]]:
    """One report for each kind; the first is the exact scan."""
    ids = SortedStrings.of(f"{row:09}" for row in range(len(rows)))
    reports: list[dict[str, object]] = []
    indexes: list[DenseIndex] = []
    with TemporaryDirectory(prefix="jmedqa-") as folder:
        for settings in kinds:
            began = time.process_time()
            at = Path(folder) / settings.kind
            if not at.exists():  # probes and ef_search only matter to the search
                DenseIndex.build(ids, rows, settings).save(at)
            reports.append(
                {
                    "kind": settings.kind,
                    "probes": settings.probes,
                    "ef_search": settings.ef_search,
                    "build_cpu_s": time.process_time() - began,
                    "disk_mb": sum(file.stat().st_size for file in at.iterdir()) / 2**20,
                }
            )
            indexes.append(DenseIndex.load(at, ids, settings))
        times: list[list[float]] = [[] for _ in kinds]
        found: list[list[list[str]]] = [[] for _ in kinds]
        for query in queries:
            for number, index in enumerate(indexes):
                index.search(query, TOP)  # brings the pages in
                began = time.process_time()
                hits = index.search(query, TOP)
                times[number].append((time.process_time() - began) * 1e3)
                found[number].append([hit.passage_id for hit in hits])
    for number, report in enumerate(reports):
        report["query_ms"] = median(times[number])
        report["times_flat"] = median(times[0]) / median(times[number])
        for k in (10, TOP):
            shared = [len({*a[:k]} & {*b[:k]}) / k for a, b in zip(found[number], found[0], strict=True)]
            report[f"recall_at_{k}"] = sum(shared) / len(shared)
    return reports


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--kinds", nargs="+", choices=["hnsw", "ivf-sq8"], default=["hnsw", "ivf-sq8"])
    parser.add_argument("--topics", type=int, help=f"default: one for {PER_TOPIC} rows")
    parser.add_argument("--vectors", type=Path, help="an .npy of vectors; the last ones are the queries")
    parser.add_argument("--probes", type=int, nargs="+", default=[DenseSettings().probes])
    parser.add_argument("--ef-search", type=int, nargs="+", default=[DenseSettings().ef_search])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    chosen = [DenseSettings(kind="flat")]
    if "hnsw" in arguments.kinds:
        chosen += [DenseSettings(kind="hnsw", ef_search=width) for width in arguments.ef_search]
    if "ivf-sq8" in arguments.kinds:
        chosen += [DenseSettings(kind="ivf-sq8", probes=probes) for probes in arguments.probes]
    report: dict[str, object] = {}
    if arguments.vectors:
        rows = unit(np.load(arguments.vectors))
        rows = rows[np.random.default_rng(1).permutation(len(rows))]
        report[arguments.vectors.name] = measure(rows[:-QUERIES], rows[-QUERIES:], chosen)
    else:
        for count in arguments.rows:
            topics = count // PER_TOPIC if arguments.topics is None else arguments.topics
            spectrum = Spectrum(topics, np.random.default_rng(1))
            report[str(count)] = measure(spectrum.draw(count), spectrum.draw(QUERIES), chosen)
    text = json.dumps(report, indent=1)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
