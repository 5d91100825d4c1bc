"""What a search with three arms costs against its arms alone, and how that grows with the passages.

    python -m benchmarks.perf.hybrid --corpora var/perf --sizes 1000 10000 100000 --like var/perf/real.npy

Words are those of the synthetic passages (``synthetic``), bigrams those of their text, vectors are drawn as
``dense`` draws them, one a passage. Lexical engine and kind of dense index are what ``auto`` picks at the
size. The query is encoded by the real encoder and timed by itself; its vector is drawn, for a synthetic
passage means nothing. CPU time, one thread, modes in turns, medians.
"""

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, cast

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.perf.corpus import SyntheticCorpus
from benchmarks.perf.dense import QUERIES, Rows, Spectrum, starter_vectors
from indexer import DenseIndex, DenseSettings, HybridIndex, IndexSettings, MeCabAnalyzer, Mode
from indexer.bigrams import bigrams
from indexer.dense import resolved as resolved_dense
from indexer.encoders import Encoder, make_encoder
from indexer.engines import lexical_class, resolved, write_lexical
from indexer.lexical import LexicalEngine
from indexer.strings import SortedStrings
from indexer.synonyms import SHIPPED, Synonyms
from indexer.vectors import unit

TOP = 10
MODES: tuple[Mode, ...] = ("lexical", "bigram", "dense", "hybrid")


class DrawnVectors:
    """An encoder that hands out one drawn vector after the other."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.at = 0

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._rows[self.at : self.at + 1]


class AllPassages:
    """A passage store of ids alone."""

    def __init__(self, ids: SortedStrings) -> None:
        self.ids = ids

    def allowed(self, _: object) -> None:
        return None


def lexical(corpus: SyntheticCorpus, ids: SortedStrings, folder: Path, field: str) -> LexicalEngine:
    settings = resolved(IndexSettings().lexical, len(ids))
    at = folder / field
    if not (folder / f"{field}.json").exists():
        terms: Callable[[list[str]], list[str]] = (
            (lambda words: words) if field == "lexical" else (lambda words: bigrams("".join(words)))
        )
        began = time.process_time()
        write_lexical(at, ids, (Counter(terms(words)) for words in corpus.passages()), settings)
        took = {"build_cpu_s": time.process_time() - began}
        took["disk_mb"] = sum(file.stat().st_size for file in at.iterdir()) / 2**20
        (folder / f"{field}.json").write_text(json.dumps(took), encoding="utf-8")
    return lexical_class(settings.engine).load(at, ids)


def dense(ids: SortedStrings, like: Rows, folder: Path) -> tuple[DenseIndex, Rows]:
    """As ``dense.measure`` keeps it, so that the one may use the index of the other."""
    spectrum = Spectrum(like, len(ids), np.random.default_rng(1))
    settings = resolved_dense(DenseSettings(), len(ids))
    at = folder / settings.kind
    rows = spectrum.draw(len(ids))
    if not at.is_dir():
        DenseIndex.build(ids, rows, settings).save(at)
    return DenseIndex.load(at, ids, settings), spectrum.draw(QUERIES)


def milliseconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e3


def measure(corpus: SyntheticCorpus, folder: Path, like: Rows, vectors: Path) -> dict[str, Any]:
    ids = SortedStrings.of(f"{row:09}" for row in range(len(corpus)))
    folder.mkdir(parents=True, exist_ok=True)
    words, grams = (lexical(corpus, ids, folder, field) for field in ("lexical", "bigram"))
    near, queries = dense(ids, like, vectors)
    encoder, real = DrawnVectors(queries), make_encoder(IndexSettings().encoder)
    index = HybridIndex(
        cast(Any, SimpleNamespace(release=lambda: None)),
        cast(Any, SimpleNamespace(settings=IndexSettings(), generation="synthetic")),
        cast(Any, AllPassages(ids)),
        words,
        grams,
        Synonyms.load([SHIPPED]),
        near,
        MeCabAnalyzer(),
        cast(Encoder, encoder),
    )
    times: dict[str, list[float]] = {name: [] for name in (*MODES, "encoding")}
    texts = ["".join(terms) for terms in corpus.queries()][:QUERIES]
    for mode in MODES:
        index.search(texts[0], TOP, mode=mode)
    for encoder.at, text in enumerate(texts):
        for mode in MODES:
            index.search(text, TOP, mode=mode)  # brings the pages in
            times[mode].append(milliseconds(lambda mode=mode, text=text: index.search(text, TOP, mode=mode)))  # type: ignore[misc]
        times["encoding"].append(milliseconds(lambda text=text: real.encode_queries([text])))  # type: ignore[misc]
    report: dict[str, Any] = {f"{name}_ms": median(values) for name, values in times.items()}
    arms = [sum(each) for each in zip(*(times[mode] for mode in MODES[:3]), strict=True)]
    report["hybrid_to_arms"] = median(
        whole / parts for whole, parts in zip(times["hybrid"], arms, strict=True)
    )
    report["hybrid_to_arms_with_encoding"] = median(
        (whole + encoding) / (parts + encoding)
        for whole, parts, encoding in zip(times["hybrid"], arms, times["encoding"], strict=True)
    )
    for field in ("lexical", "bigram"):
        report[field] = json.loads((folder / f"{field}.json").read_text(encoding="utf-8"))
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--corpora", type=Path, default=Path("var/perf"))
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--like", type=Path, help="an .npy of vectors to draw others like them")
    parser.add_argument("--dense", type=Path, help="the folder that `dense --indexes` kept its indexes in")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    faiss.omp_set_num_threads(1)
    like = unit(np.load(arguments.like)) if arguments.like else starter_vectors()
    report = {}
    for size in arguments.sizes:
        folder = arguments.corpora / str(size)
        vectors = (arguments.dense or arguments.corpora / "dense") / str(size)
        report[str(size)] = measure(SyntheticCorpus(folder), folder / "indexes/hybrid", like, vectors)
        text = json.dumps(report, indent=1)
        print(text, flush=True)
        if arguments.out:
            arguments.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
