"""One engine in one process; started by ``lexical``, spoken to in lines.

    python -m benchmarks.perf.worker ENGINE CORPUS FOLDER build     one line of JSON, then the end
    python -m benchmarks.perf.worker ENGINE CORPUS FOLDER search    a line FROM TO in, one of JSON out

Times are CPU seconds of the process, which a busy machine does not stretch; each engine searches and
builds in one thread. Building includes reading the corpus, whose own time is given too (``read_cpu_s``).
"""

import resource
import sys
import time
from pathlib import Path

from benchmarks.perf.corpus import SyntheticCorpus
from benchmarks.perf.engines import ENGINES, dump, size_on_disk


def build(name: str, corpus: SyntheticCorpus, folder: Path) -> None:
    began = time.process_time()
    for _ in corpus.passages():
        pass
    wall, cpu = time.perf_counter(), time.process_time()
    ENGINES[name].build(corpus, folder)
    report = {
        "read_cpu_s": cpu - began,
        "build_cpu_s": time.process_time() - cpu,
        "build_wall_s": time.perf_counter() - wall,
        "build_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "disk_mb": size_on_disk(folder) / 2**20,
    }
    print(dump(report))


def search(name: str, corpus: SyntheticCorpus, folder: Path) -> None:
    engine = ENGINES[name]
    began = time.perf_counter()
    engine.load(corpus, folder)
    loaded = time.perf_counter() - began
    queries = [engine.prepare(terms) for terms in corpus.queries()]
    began = time.perf_counter()
    engine.search(queries[0])
    first = time.perf_counter() - began
    print(dump({"load_s": loaded, "first_query_s": first}), flush=True)
    for line in sys.stdin:
        start, end = map(int, line.split())
        milliseconds, rows = [], []
        for query in queries[start:end]:
            before = time.process_time_ns()
            found = engine.search(query)
            milliseconds.append((time.process_time_ns() - before) / 1e6)
            rows.append(engine.rows(found))
        print(dump({"ms": milliseconds, "rows": rows}), flush=True)


def main() -> None:
    name, corpus, folder, action = sys.argv[1:]
    {"build": build, "search": search}[action](name, SyntheticCorpus(Path(corpus)), Path(folder))


if __name__ == "__main__":
    main()
