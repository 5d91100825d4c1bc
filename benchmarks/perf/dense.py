"""Dense search by kind: speed against the exact scan, and how much of its result is found.

    python -m benchmarks.perf.dense --vectors var/perf/real.npy
    python -m benchmarks.perf.dense --like var/perf/real.npy --rows 100000 1000000

The first searches real vectors, a hundred of them as queries among all others. The second draws any number
that have the mean and the spectrum of the given ones (else of the starter corpus's,
``corpora/starter/vectors.npz``) and lie in topics as real ones do: a Gaussian cloud is far harder to search
and one cloud a topic far easier, so there are large topics and small ones within the whole, as many as let
lists of neighbours find about as much at the same size as among the real ones (docs/performance.md).
CPU time, one thread, kinds in turns.
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
TOPICS = ((0.2, 400), (0.2, 20))
"""Share of the variance that lies between the topics of a level, and rows a topic; ``SPREAD`` their sizes."""

SPREAD = 1.0
"""Standard deviation of the logarithm of a topic's size."""

Rows = NDArray[np.float32]


class Spectrum:
    """A distribution fitted to vectors: their mean, their covariance, and topics drawn from it."""

    def __init__(self, like: Rows, rows: int, rng: np.random.Generator) -> None:
        self._rng = rng
        self._mean = like.mean(axis=0)
        _, sizes, axes = np.linalg.svd(like - self._mean, full_matrices=False)
        self._shape = ((sizes / np.sqrt(len(like)))[:, None] * axes).astype(np.float32)
        self._within = np.float32((1 - sum(share for share, _ in TOPICS)) ** 0.5)
        self._levels = []
        for share, per_topic in TOPICS:
            count = max(1, rows // per_topic)
            ends = np.cumsum(rng.lognormal(0, SPREAD, count))
            self._levels.append((self._normal(count) * np.float32(share**0.5), ends / ends[-1]))

    def draw(self, count: int) -> Rows:
        rows = np.empty((count, len(self._mean)), np.float32)
        for start in range(0, count, 50_000):
            part = self._normal(min(50_000, count - start)) * self._within + self._mean
            for centres, ends in self._levels:
                part += centres[np.searchsorted(ends, self._rng.random(len(part)))]
            rows[start : start + len(part)] = unit(part)
        return rows

    def _normal(self, count: int) -> Rows:
        drawn: Rows = self._rng.standard_normal((count, len(self._shape)), np.float32) @ self._shape
        return drawn


def measure(rows: Rows, queries: Rows, kinds: list[DenseSettings], folder: Path) -> list[dict[str, object]]:
    """One report for each kind; the first is the exact scan. What ``folder`` holds is not built again."""
    ids = SortedStrings.of(f"{row:09}" for row in range(len(rows)))
    reports: list[dict[str, object]] = []
    indexes: list[DenseIndex] = []
    for settings in kinds:
        at = folder / settings.kind
        record = folder / f"{settings.kind}.json"
        if not record.exists():  # probes and ef_search only matter to the search
            began = time.process_time()
            DenseIndex.build(ids, rows, settings).save(at)
            took = {"build_cpu_s": time.process_time() - began}
            took["disk_mb"] = sum(file.stat().st_size for file in at.iterdir()) / 2**20
            record.write_text(json.dumps(took), encoding="utf-8")
        reports.append(
            {
                "kind": settings.kind,
                "probes": settings.probes,
                "ef_search": settings.ef_search,
                **json.loads(record.read_text(encoding="utf-8")),
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


def starter_vectors() -> Rows:
    with np.load(STARTER / "vectors.npz") as arrays:
        return unit(arrays["vectors"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--kinds", nargs="+", choices=["hnsw", "ivf-sq8"], default=["hnsw", "ivf-sq8"])
    parser.add_argument("--like", type=Path, help="an .npy of vectors to draw others like them")
    parser.add_argument("--indexes", type=Path, help="a folder that keeps the indexes for another run")
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
    with TemporaryDirectory(prefix="jmedqa-") as temporary:
        folder = arguments.indexes or Path(temporary)
        if arguments.vectors:
            rows = unit(np.load(arguments.vectors))
            rows = rows[np.random.default_rng(1).permutation(len(rows))]
            report["real"] = measure(rows[:-QUERIES], rows[-QUERIES:], chosen, folder / "real")
        else:
            like = unit(np.load(arguments.like)) if arguments.like else starter_vectors()
            for count in arguments.rows:
                spectrum = Spectrum(like, count, np.random.default_rng(1))
                rows = spectrum.draw(count)
                report[str(count)] = measure(rows, spectrum.draw(QUERIES), chosen, folder / str(count))
    text = json.dumps(report, indent=1)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
