"""The vectors of all passages: those that exist already, then the missing ones, encoded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.encoders import Encoder
from indexer.hybrid import HybridIndex
from indexer.journal import VectorJournal
from indexer.progress import BuildProgress, Progress
from indexer.vectors import read_vectors, vector_key

Row = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """One row a text, float32, (n, dim), and where the distinct ones came from.

    Attributes:
        encoded: By the encoder, now.
        reused: From the generation before.
        imported: From files of vectors.
        resumed: From the journal of a build that did not end.
    """

    rows: NDArray[np.float32]
    encoded: int
    reused: int
    imported: int
    resumed: int


def passage_vectors(
    texts: Sequence[str],
    hashes: Sequence[bytes],
    encoder: Encoder,
    *,
    earlier: HybridIndex | None,
    files: Sequence[Path],
    journal: VectorJournal,
    batch_size: int,
    report: Progress,
) -> PassageVectors:
    """Bring vectors along, and encode what is missing, longest first, in batches of about equal lengths.

    A batch costs what its longest text costs, and a memory that does not suffice shows at once. What is in
    which batch depends on the texts alone, not on the order in which documents were read.

    Raises:
        IndexCorrupt: If a file of ``files`` cannot be read.
        EncoderUnavailable: If the encoder cannot run here.
    """
    distinct = dict(zip(hashes, texts, strict=True))
    found: dict[bytes, Row] = {}
    if earlier is not None:
        before = zip(_rows(earlier.passages.hashes), earlier.dense.vectors(), strict=True)
        found = {content: vector for content, vector in before if content in distinct}
    reused = len(found)
    keys = {content: vector_key(encoder.identity, content) for content in distinct if content not in found}
    contents = {key: content for content, key in keys.items()}
    if files:
        imports = read_vectors(files, set(contents), encoder.dim)
        found.update((contents[key], vector) for key, vector in imports.items())
    imported = len(found) - reused
    wanted = {key for content, key in keys.items() if content not in found}
    if wanted:
        found.update((contents[key], vector) for key, vector in journal.read(wanted).items())
    resumed = len(found) - reused - imported
    missing = sorted(
        (content for content in distinct if content not in found),
        key=lambda content: (-len(distinct[content]), content),
    )
    there = len(found)
    report(BuildProgress("encode", there, len(distinct), there))
    for start in range(0, len(missing), batch_size):
        batch = missing[start : start + batch_size]
        rows = encoder.encode_passages([distinct[content] for content in batch])
        journal.append([keys[content] for content in batch], rows)
        found.update(zip(batch, rows, strict=True))
        report(BuildProgress("encode", len(found), len(distinct), there))
    return PassageVectors(
        rows=np.stack([found[content] for content in hashes]),
        encoded=len(missing),
        reused=reused,
        imported=imported,
        resumed=resumed,
    )


def _rows(hashes: NDArray[np.uint8]) -> Iterator[bytes]:
    return (row.tobytes() for row in hashes)
