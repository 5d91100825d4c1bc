"""Batch search: queries as JSON lines in, a TREC run out."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from indexer.errors import InvalidQuery
from indexer.hits import Filters, Hit, Mode
from indexer.hybrid import HybridIndex, check_query

Unit = Literal["document", "passage"]


class Query(NamedTuple):
    """One line of a file of queries."""

    query_id: str
    text: str


def read_queries(path: Path) -> list[Query]:
    """Read lines of ``{"id": …, "text": …}``; other fields are ignored, empty lines passed over.

    Raises:
        InvalidQuery: Naming the first line that is malformed, repeats an id or cannot be searched.
    """
    queries: dict[str, Query] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InvalidQuery(f"{path} cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            query = _query(line)
            if query.query_id in queries:
                raise InvalidQuery(f"the id {query.query_id!r} stands twice")
            check_query(query.text)
        except InvalidQuery as error:
            raise InvalidQuery(f"{path}:{number}: {error}") from None
        queries[query.query_id] = query
    if not queries:
        raise InvalidQuery(f'{path} holds no query; a line reads {{"id": "1", "text": "…"}}')
    return list(queries.values())


def _query(line: bytes) -> Query:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidQuery(f"not JSON in UTF-8: {error}") from None
    if not isinstance(record, dict):
        raise InvalidQuery(f"a JSON object is needed, this is a {type(record).__name__}")
    query_id, text = record.get("id"), record.get("text")
    if isinstance(query_id, bool) or not isinstance(query_id, str | int) or not isinstance(text, str):
        raise InvalidQuery(f'"id" and "text" are needed as strings; this line has {sorted(record)}')
    try:
        str(query_id).encode()
    except UnicodeEncodeError as error:
        raise InvalidQuery(
            f"the id {str(query_id)!r} holds a lone surrogate at character {error.start}"
        ) from None
    if not _fits_a_column(str(query_id)):
        raise InvalidQuery(f"the id {str(query_id)!r} is empty or holds white space, which a TREC run cannot")
    return Query(str(query_id), text)


def search_units(
    index: HybridIndex, text: str, k: int, mode: Mode, unit: Unit, filters: Filters | None = None
) -> list[Hit]:
    """The ``k`` best passages, or documents, each at the place of its best passage.

    ``Hit.passage_id`` holds the document's id for ``unit="document"``.
    """
    if unit == "passage":
        return list(index.search(text, k, filters, mode).hits)
    depth = 2 * k
    while True:
        hits = index.search(text, depth, filters, mode).hits
        best: dict[str, float] = {}
        for hit in hits:
            best.setdefault(index.document_of(hit.passage_id), hit.score)
        if len(best) >= k or len(hits) < depth:
            return [Hit(doc_id, score) for doc_id, score in list(best.items())[:k]]
        depth *= 4


def run_lines(query_id: str, hits: Sequence[Hit], tag: str) -> Iterator[str]:
    """Lines ``qid Q0 docid rank score tag`` whose order survives trec_eval.

    trec_eval ignores the rank, reads the score as a 32-bit float, and orders ties by id backwards. So a
    score that would not be below the one before it is lowered to the next float.

    Raises:
        InvalidQuery: If an id holds white space.
    """
    last = np.float32(np.inf)
    for rank, hit in enumerate(hits, start=1):
        if not _fits_a_column(hit.passage_id):
            raise InvalidQuery(f"the id {hit.passage_id!r} holds white space, which a TREC run cannot")
        score = np.float32(hit.score)
        if score >= last:
            score = np.nextafter(last, np.float32(-np.inf))
        last = score
        yield f"{query_id} Q0 {hit.passage_id} {rank} {float(score):.9g} {tag}"


def _fits_a_column(text: str) -> bool:
    return len(text.split()) == 1 and text == text.strip()
