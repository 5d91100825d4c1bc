"""Other approximate indexes, and whether drawn vectors lie about each other as real ones do.

    python -m benchmarks.perf.frontier --like var/perf/real.npy
    python -m benchmarks.perf.frontier --like var/perf/real.npy --structure

The first: kinds of FAISS that the project does not use, on the real vectors, candidates scored again from
the whole rows; top 10 and 100 of the exact scan. The second: for growing parts of the real vectors and of
drawn ones (``dense.Spectrum``), the median distance to the 1st, 10th and 100th neighbour and the local
dimension by the 20 and 100 nearest (Levina and Bickel, NIPS 2004; harmonic mean over the queries) and by
two (Facco et al., 2017, doi:10.1038/s41598-017-11873-y). CPU time, one thread.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import faiss as untyped_faiss
import numpy as np

from benchmarks.perf.dense import Rows, Spectrum
from indexer.vectors import unit

faiss: Any = untyped_faiss
QUERIES = 200
SIZES = (5_000, 10_000, 20_000, 38_000)
KINDS = ("SQ8", "PQ192x4fs", "RaBitQ")
PROBES = (8, 32, 64, 128)
RESCORED = (200, 400, 800)


def structure(name: str, rows: Rows) -> None:
    """Prints one line for each of ``SIZES`` that the rows allow."""
    rows = rows[np.random.default_rng(3).permutation(len(rows))]
    queries, rest = rows[:500], rows[500:]
    for size in SIZES:
        flat = faiss.IndexFlatIP(rows.shape[1])
        flat.add(rest[:size])
        cosines, _ = flat.search(queries, 100)
        away = np.sqrt(np.maximum(2 - 2 * cosines, 1e-9))
        inverse = [np.log(away[:, k - 1 : k] / away[:, : k - 1]).mean() for k in (20, 100)]
        pairs = np.log(np.maximum(away[:, 1] / away[:, 0], 1 + 1e-9)).mean()
        middle = np.median(away, axis=0)[[0, 9, 99]]
        print(f"{name:6} {size:6}", *(f"{value:.3f}" for value in middle), end=" ")
        print(*(f"{1 / value:.1f}" for value in (*inverse, pairs)))


def frontier(rows: Rows) -> None:
    """Prints one line for each kind, number of probes and number of candidates."""
    rows = rows[np.random.default_rng(1).permutation(len(rows))]
    queries, rows = rows[:QUERIES], np.ascontiguousarray(rows[QUERIES:])
    flat = faiss.IndexFlatIP(rows.shape[1])
    flat.add(rows)
    began = time.process_time()
    wanted = [flat.search(query[None], 100)[1][0] for query in queries]
    scan = time.process_time() - began
    for kind in KINDS:
        lists = round(2 * len(rows) ** 0.5)
        index = faiss.index_factory(rows.shape[1], f"IVF{lists},{kind}", faiss.METRIC_INNER_PRODUCT)
        index.train(rows)
        index.add(rows)
        for probes in PROBES:
            index.nprobe = probes
            for rescored in RESCORED:
                began = time.process_time()
                found = [nearest(index, rows, query, rescored) for query in queries]
                took = time.process_time() - began
                shares = [
                    np.mean([len({*a[:k]} & {*b[:k]}) / k for a, b in zip(found, wanted, strict=True)])
                    for k in (10, 100)
                ]
                print(f"{kind:10} {probes:4} {rescored:4} {scan / took:6.1f} {shares[0]:.3f} {shares[1]:.3f}")


def nearest(index: Any, rows: Rows, query: Rows, rescored: int) -> Any:
    found = index.search(query[None], rescored)[1][0]
    found = found[found >= 0]
    return found[np.argsort(-(rows[found] @ query))[:100]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--like", type=Path, required=True)
    parser.add_argument("--structure", action="store_true")
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    real = unit(np.load(arguments.like))
    if arguments.structure:
        structure("real", real)
        structure("drawn", Spectrum(real, len(real), np.random.default_rng(1)).draw(len(real)))
    else:
        frontier(real)


if __name__ == "__main__":
    main()
