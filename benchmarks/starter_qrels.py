"""The project's own judgements of passages: ``python -m benchmarks.starter_qrels --index DIR``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.query_sets import starter
from indexer import HybridIndex


def main(index: Annotated[Path, typer.Option("--index", help="An index of the starter corpus.")]) -> None:
    """Write TREC judgements to standard output."""
    with HybridIndex.open(index) as opened:
        grades = starter().judged([opened.passage(one) for one in opened.passages.ids])
    for query, units in grades.items():
        for unit, grade in units.items():
            sys.stdout.write(f"{query} 0 {unit} {grade}\n")


if __name__ == "__main__":
    typer.run(main)
