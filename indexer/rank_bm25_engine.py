"""The engine ``rank-bm25``: the reference package behind the same interface.

For comparison, not for serving: it keeps everything in Python dictionaries, and a query walks all
passages. The package has no save and load, so the token lists are what is stored.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from rank_bm25 import BM25Okapi

from indexer.hits import Hit
from indexer.lexical import Allowed, Bag, Query, top, unseen_idf
from indexer.settings import LexicalSettings
from indexer.strings import SortedStrings


class RankBM25Index:
    """``BM25Okapi`` over the passages' token lists."""

    def __init__(self, ids: SortedStrings, tokens: list[list[str]], settings: LexicalSettings) -> None:
        self._ids = ids
        self._tokens = tokens
        self._settings = settings
        # BM25Okapi divides by the number of passages and by that of terms.
        self._okapi = (
            BM25Okapi(tokens, k1=settings.k1, b=settings.b, epsilon=settings.epsilon) if any(tokens) else None
        )

    @classmethod
    def build(cls, ids: SortedStrings, bags: Iterable[Bag], settings: LexicalSettings) -> "RankBM25Index":
        """Index one bag for each id, in the order of the ids."""
        tokens = [[term for term, count in bag.items() for _ in range(count)] for bag in bags]
        if len(tokens) != len(ids):
            raise ValueError(f"{len(ids)} ids, but {len(tokens)} bags")
        return cls(ids, tokens, settings)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "tokens.jsonl").open("w", encoding="utf-8") as file:
            for tokens in self._tokens:
                file.write(json.dumps(tokens, ensure_ascii=False) + "\n")
        (folder / "settings.json").write_text(self._settings.model_dump_json(), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, ids: SortedStrings) -> "RankBM25Index":
        settings = LexicalSettings.model_validate_json((folder / "settings.json").read_bytes())
        with (folder / "tokens.jsonl").open(encoding="utf-8") as file:
            return cls(ids, [json.loads(line) for line in file], settings)

    def bound(self, terms: Query) -> float:
        idf = {} if self._okapi is None else self._okapi.idf
        unseen = unseen_idf(len(self._tokens))
        weights = sum(times * idf.get(term, unseen) for term, times in Counter(terms).items())
        return float(weights * (self._settings.k1 + 1))

    def search(self, terms: Query, k: int, allowed: Allowed = None) -> list[Hit]:
        if self._okapi is None or not terms:
            return []
        scores = np.zeros(len(self._ids))
        for term, times in Counter(terms).items():
            scores += times * np.asarray(self._okapi.get_scores([term]), np.float64)
        wanted = set(terms)
        held = np.fromiter(
            (not wanted.isdisjoint(doc) for doc in self._okapi.doc_freqs), np.bool_, len(scores)
        )
        return top(self._ids, scores, held if allowed is None else held & allowed, k)

    def matched(self, terms: Sequence[str], rows: Sequence[int]) -> list[tuple[str, ...]]:
        distinct = dict.fromkeys(terms)
        held = [set(self._tokens[row]) for row in rows]
        return [tuple(term for term in distinct if term in of_row) for of_row in held]

    def bags(self) -> Iterator[Bag]:
        return map(Counter, self._tokens)
