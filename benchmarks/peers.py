"""What other frameworks do with Japanese when they are used as they come.

Each is a plain function of the passages' indexed texts; none knows the index. Dense retrieval alone, the
fourth habit, is the index's own mode ``dense``.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

from indexer import Hit, LexicalIndex, LexicalSettings
from indexer.strings import SortedStrings

Search = Callable[[str, int], list[Hit]]
"""A query and how many passages; best first."""

RANK_BM25 = LexicalSettings(k1=1.5, b=0.75)
"""The defaults of rank-bm25, which most frameworks wrap."""


def whitespace(ids: SortedStrings, texts: Sequence[str]) -> Search:
    """BM25 over what stands between spaces: the default of LangChain's and others' BM25 retrievers."""
    return _bm25(ids, texts, str.split)


def character_bigrams(ids: SortedStrings, texts: Sequence[str]) -> Search:
    """BM25 over overlapping pairs of characters: the usual advice where no analyzer is at hand."""

    def pairs(text: str) -> list[str]:
        characters = "".join(unicodedata.normalize("NFKC", text).lower().split())
        return [characters[start : start + 2] for start in range(len(characters) - 1)]

    return _bm25(ids, texts, pairs)


def bm25s_default(ids: SortedStrings, texts: Sequence[str]) -> Search:
    """bm25s with its own tokenizer and constants."""
    import bm25s

    retriever = bm25s.BM25()
    retriever.index(bm25s.tokenize(list(texts), show_progress=False), show_progress=False)

    def search(query: str, k: int) -> list[Hit]:
        tokens = bm25s.tokenize([query], show_progress=False, return_ids=False)
        rows, scores = retriever.retrieve(tokens, k=min(k, len(ids)), show_progress=False)
        found = zip(rows[0].tolist(), scores[0].tolist(), strict=True)
        return [Hit(ids[row], score) for row, score in found if score > 0]

    return search


PEERS: dict[str, Callable[[SortedStrings, Sequence[str]], Search]] = {
    "BM25 on white space": whitespace,
    "bm25s as it comes": bm25s_default,
    "BM25 on character pairs": character_bigrams,
}


def _bm25(ids: SortedStrings, texts: Sequence[str], terms_of: Callable[[str], list[str]]) -> Search:
    index = LexicalIndex.build(ids, (Counter(terms_of(text)) for text in texts), RANK_BM25)
    return lambda query, k: index.search(terms_of(query), k)
