"""Test collections for retrieval: documents, queries, and what is relevant to them.

``starter`` is the project's own: newly written queries over the starter corpus, judged by document and
heading, so that another splitting leaves the judgements valid. The others are read from the test-data folder.
Where a set is sampled, a fixed seed chooses.
"""

import gzip
import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from corpora import STARTER, Document, read_corpus
from corpora.cleaning import clean
from indexer import Grades, StoredPassage, read_qrels

SEED = 20261123
STARTER_QUERIES = Path(__file__).parent / "retrieval_sets" / "starter" / "queries.jsonl"

Unit = Literal["document", "passage"]


@dataclass(frozen=True)
class QuerySet:
    """One test collection.

    Attributes:
        unit: What is judged. A document stands where its best passage does.
        documents: Reads them.
        queries: Text by id.
        grades: Of documents; ``None`` where they come from headings.
        headings: By query id: document, heading and grade.
        kinds: What kind of query each is, where the set tells.
    """

    name: str
    unit: Unit
    documents: Callable[[], Iterable[Document]]
    queries: dict[str, str]
    grades: Grades | None = None
    headings: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def judged(self, passages: Iterable[StoredPassage]) -> Grades:
        """The grades of the set's units, headings resolved among ``passages``.

        Raises:
            ValueError: For a judgement of a document and heading that no passage has.
        """
        if self.grades is not None:
            return self.grades
        under: dict[tuple[str, str], list[str]] = {}
        for stored in passages:
            passage = stored.passage
            heading = passage.headings[-1] if passage.headings else ""
            under.setdefault((passage.doc_id, heading), []).append(passage.passage_id)
        grades: Grades = {}
        for query_id, judgements in self.headings.items():
            for doc_id, heading, grade in judgements:
                if (doc_id, heading) not in under:
                    raise ValueError(f"{self.name}, {query_id}: {doc_id} has no heading {heading!r}")
                grades.setdefault(query_id, {}).update(dict.fromkeys(under[doc_id, heading], grade))
        return grades


def starter() -> QuerySet:
    rows = list(_json_lines(STARTER_QUERIES))
    return QuerySet(
        name="starter",
        unit="passage",
        documents=lambda: read_corpus([STARTER]),
        queries={row["id"]: row["text"] for row in rows},
        headings={
            row["id"]: [(found["doc"], found["heading"], found["grade"]) for found in row["relevant"]]
            for row in rows
        },
        kinds={row["id"]: row["kind"] for row in rows},
    )


def known_items(data: Path, name: str, *, most: int | None = None) -> QuerySet:
    """A set of the test-data folder; at most ``most`` of its queries."""
    folder = data / name
    queries = [(row["id"], row["text"]) for row in _json_lines(folder / "queries.jsonl")]
    if most is not None:
        random.Random(SEED).shuffle(queries)  # noqa: S311
    passages = folder / "passages.jsonl"
    return QuerySet(
        name=name,
        unit="document",
        documents=lambda: read_corpus([passages]),
        queries=dict(queries[:most]),
        grades=read_qrels(folder / "qrels.tsv"),
    )


def jaquad(
    data: Path, *, name: str = "jaquad", after: int = 0, passages: int = 1000, queries: int = 500
) -> QuerySet:
    """Whole articles, drawn until they have ``passages``, and ``queries`` of the questions on them.

    Args:
        after: Articles drawn before this many passages were reached are left out: another set has them.
    """
    folder = data / "jaquad"
    grades = read_qrels(folder / "qrels.tsv")
    asked_about = {doc_id for relevant in grades.values() for doc_id in relevant}
    by_title: dict[str, list[Document]] = {}
    for document in read_corpus([folder / "passages.jsonl.gz"]):
        by_title.setdefault(document.title, []).append(document)
    titles = sorted(title for title, docs in by_title.items() if any(d.doc_id in asked_about for d in docs))
    random.Random(SEED).shuffle(titles)  # noqa: S311
    passed, drawn = 0, list[Document]()
    for title in titles:
        if passed < after:
            passed += len(by_title[title])
        elif len(drawn) < passages:
            drawn += by_title[title]
    ids = {document.doc_id for document in drawn}
    texts = {row["id"]: row["text"] for row in _json_lines(folder / "queries.jsonl")}
    chosen = sorted(
        (query, texts[query]) for query, relevant in grades.items() if not ids.isdisjoint(relevant)
    )
    random.Random(SEED).shuffle(chosen)  # noqa: S311
    return QuerySet(name, "document", lambda: drawn, dict(chosen[:queries]), grades)


def medquad(data: Path, *, documents: int = 600, queries: int = 400) -> QuerySet:
    """English questions of the NIH's sites, each for its own answer, of 80 to 1,000 characters."""
    with gzip.open(data / "medquad" / "passages.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = {row["id"]: row for row in map(json.loads, file) if 80 < len(row["text"]) < 1000}
    drawn = list(rows.values())
    random.Random(SEED).shuffle(drawn)  # noqa: S311
    drawn = drawn[:documents]
    texts = [Document(doc_id=row["id"], title="", text=clean(row["text"])) for row in drawn]
    asked = {row["id"]: row["question"] for row in drawn[:queries]}
    return QuerySet("medquad-tuning", "document", lambda: texts, asked, {name: {name: 1} for name in asked})


SETS: dict[str, Callable[[Path], QuerySet]] = {
    "starter": lambda _: starter(),
    "nando": lambda data: known_items(data, "nando"),
    "jsquad": lambda data: known_items(data, "jsquad", most=800),
    "jaquad": jaquad,
    "pubmedqa-ir": lambda data: known_items(data, "pubmedqa-ir"),
}

"""What the table of docs/retrieval.md is measured on; the page tells what was chosen on which."""

TUNING: dict[str, Callable[[Path], QuerySet]] = {
    "jaquad-tuning": lambda data: jaquad(data, name="jaquad-tuning", after=1000, passages=700, queries=400),
    "medquad-tuning": medquad,
}
"""What the weights of the fusion were checked on; no part of the table."""


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
