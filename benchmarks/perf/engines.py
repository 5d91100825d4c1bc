"""The lexical engines under comparison, ours and the peers', behind one small interface.

A peer's package is imported inside its class: ours need none of them, and they run in an environment that
has none of ours.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.perf.corpus import SyntheticCorpus

TOP = 100

K1, B = 1.5, 0.75
"""Of all engines: the defaults of rank-bm25 and bm25s. tantivy's 1.2 and 0.75 cannot be set."""


class Engine(Protocol):
    def build(self, corpus: SyntheticCorpus, folder: Path) -> None:
        """Index the corpus and save it into the empty ``folder``."""
        ...

    def load(self, corpus: SyntheticCorpus, folder: Path) -> None: ...

    def prepare(self, terms: list[str]) -> Any:
        """Whatever the engine wants instead of terms; not timed."""
        ...

    def search(self, query: Any) -> Any:
        """Timed: the best ``TOP``."""
        ...

    def rows(self, found: Any) -> list[int]:
        """The rows of a search's result, best first; not timed."""
        ...


class Ours:
    """``indexer``'s engine ``files`` (exact) or ``blocks`` (fast)."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def build(self, corpus: SyntheticCorpus, folder: Path) -> None:
        from indexer import LexicalSettings
        from indexer.blocks import BlockIndex
        from indexer.lexical import LexicalIndex
        from indexer.strings import SortedStrings

        ids = SortedStrings.of(f"{row:09}" for row in range(len(corpus)))
        bags = map(Counter, corpus.passages())
        if self._engine == "blocks":
            BlockIndex.write(folder, ids, bags, LexicalSettings(k1=K1, b=B))
        else:
            LexicalIndex.build(ids, bags, LexicalSettings(k1=K1, b=B)).save(folder)

    def load(self, corpus: SyntheticCorpus, folder: Path) -> None:
        from indexer.blocks import BlockIndex
        from indexer.lexical import LexicalEngine, LexicalIndex
        from indexer.strings import SortedStrings

        ids = SortedStrings.of(f"{row:09}" for row in range(len(corpus)))
        self._index: LexicalEngine = (
            BlockIndex.load(folder, ids) if self._engine == "blocks" else LexicalIndex.load(folder, ids)
        )

    def prepare(self, terms: list[str]) -> list[str]:
        return terms

    def search(self, query: list[str]) -> Any:
        return self._index.search(query, TOP)

    def rows(self, found: Any) -> list[int]:
        return [int(hit.passage_id) for hit in found]


class RankBM25:
    """Rebuilt on load: the package saves nothing."""

    def build(self, corpus: SyntheticCorpus, folder: Path) -> None:
        self.load(corpus, folder)

    def load(self, corpus: SyntheticCorpus, folder: Path) -> None:
        from rank_bm25 import BM25Okapi

        self._index = BM25Okapi(list(corpus.passages()), k1=K1, b=B)

    def prepare(self, terms: list[str]) -> list[str]:
        return terms

    def search(self, query: list[str]) -> Any:
        scores = self._index.get_scores(query)
        best = np.argpartition(-scores, TOP)[:TOP]
        return best[np.argsort(-scores[best])]

    def rows(self, found: Any) -> list[int]:
        return [int(row) for row in found]


class BM25S:
    def __init__(self, backend: str) -> None:
        self._backend = backend

    def build(self, corpus: SyntheticCorpus, folder: Path) -> None:
        import bm25s

        index = bm25s.BM25(k1=K1, b=B, backend=self._backend)
        index.index(list(corpus.passages()), show_progress=False)
        index.save(str(folder))

    def load(self, corpus: SyntheticCorpus, folder: Path) -> None:
        import bm25s

        self._index = bm25s.BM25.load(str(folder))
        if self._backend == "numba":
            self._index.backend = "numba"
            self._index.activate_numba_scorer()

    def prepare(self, terms: list[str]) -> list[list[str]]:
        return [terms]

    def search(self, query: list[list[str]]) -> Any:
        return self._index.retrieve(query, k=TOP, show_progress=False, n_threads=0)

    def rows(self, found: Any) -> list[int]:
        return [int(row) for row in found.documents[0]]


class Tantivy:
    def _schema(self) -> Any:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field("body", stored=False, tokenizer_name="whitespace", index_option="freq")
        builder.add_integer_field("row", stored=True)
        self._fields = builder.build()
        return self._fields

    def build(self, corpus: SyntheticCorpus, folder: Path) -> None:
        import tantivy

        writer = tantivy.Index(self._schema(), path=str(folder)).writer(heap_size=256_000_000, num_threads=1)
        for row, terms in enumerate(corpus.passages()):
            # Terms may hold spaces in no analyser of ours; the whitespace tokenizer gives them back.
            writer.add_document(tantivy.Document(body=" ".join(terms), row=row))
        writer.commit()
        writer.wait_merging_threads()

    def load(self, corpus: SyntheticCorpus, folder: Path) -> None:
        import tantivy

        index = tantivy.Index(self._schema(), path=str(folder))
        index.reload()
        self._searcher = index.searcher()

    def prepare(self, terms: list[str]) -> Any:
        from tantivy import Occur, Query

        return Query.boolean_query(
            [(Occur.Should, Query.term_query(self._fields, "body", term, "freq")) for term in terms]
        )

    def search(self, query: Any) -> Any:
        return self._searcher.search(query, TOP, count=False)

    def rows(self, found: Any) -> list[int]:
        return [self._searcher.doc(address)["row"][0] for _, address in found.hits]


ENGINES: dict[str, Engine] = {
    "blocks": Ours("blocks"),
    "files": Ours("files"),
    "rank-bm25": RankBM25(),
    "bm25s-numpy": BM25S("numpy"),
    "bm25s-numba": BM25S("numba"),
    "tantivy": Tantivy(),
}
OWN = ("blocks", "files")


def size_on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
