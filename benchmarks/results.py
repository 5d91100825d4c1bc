"""What the runs of docs/results.md need beside the data: their indexes.

    python -m benchmarks.results            # below var/bench
    jmedqa bench run --config configs/bench/pubmedqa.toml --out var/bench/runs/pubmedqa

MedQuAD is searched by words alone (``mode = "lexical"``), and nothing of it encoded; a sample of about 2,000
passages has vectors, too.
"""

import argparse
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.runs.lexical_only import NoVectors
from corpora import STARTER, CorpusSettings, Document, read_corpus
from corpora.cleaning import clean
from indexer import IndexSettings, build_index

SEED = 20261124
SAMPLE = 550
"""Answers; they make about 2,000 passages."""


def medquad(data: Path, *, sample: int | None = None) -> Iterator[Document]:
    """Answers of nine NIH sites, headed by their question; a seeded sample of them in file order."""
    with gzip.open(data / "medquad" / "passages.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    chosen = set(range(len(rows)))
    if sample is not None:
        chosen = set(random.Random(SEED).sample(range(len(rows)), sample))  # noqa: S311
    seen: set[str] = set()
    for number, row in enumerate(rows):
        doc_id = row["id"] if row["id"] not in seen else f"{row['id']}-{number}"  # some ids stand twice
        seen.add(doc_id)
        if number in chosen:
            yield Document(
                doc_id=doc_id,
                title=clean(row["question"]),
                text=clean(row["text"]),
                source=row["url"] or row["source"],
                licence="CC BY 4.0",
            )


def build(data: Path, work: Path, vectors: tuple[Path, ...] = ()) -> None:
    """Build the four indexes below ``work``; those that are there are brought up to date.

    Args:
        vectors: Made elsewhere (`jmedqa index export-vectors`); texts found there are not encoded again.
    """
    settings = IndexSettings(vectors=(STARTER / "vectors.npz", *vectors))
    build_index(read_corpus([STARTER], CorpusSettings()), work / "starter", settings)
    abstracts = data / "pubmedqa-ir" / "passages.jsonl"
    build_index(read_corpus([abstracts], CorpusSettings(source="PubMed")), work / "pubmedqa", settings)
    build_index(medquad(data), work / "medquad", IndexSettings(), encoder=NoVectors())
    build_index(medquad(data, sample=SAMPLE), work / "medquad-2000", settings)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, default=Path("var/bench"))
    parser.add_argument("--vectors", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    build(arguments.data, arguments.work, tuple(arguments.vectors))
