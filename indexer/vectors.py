"""Vectors made elsewhere: an ``.npz`` without pickle, keyed by encoder and text.

A vector is found by ``sha256(encoder identity, NUL, sha256 of the indexed text)``, so a file can serve any
index, and a vector of another encoder or an older text is simply never found. Rows are float16: half the
size, and after renormalising within cosine 0.9999 of what the encoder gives.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from indexer.encoders import EncoderIdentity
from indexer.errors import IndexCorrupt

if TYPE_CHECKING:
    from indexer.hybrid import HybridIndex


def vector_key(identity: EncoderIdentity, content: bytes) -> bytes:
    """Args: content: sha256 of the indexed text (:func:`indexer.passages.content_hash`)."""
    return sha256(identity.model_dump_json().encode() + b"\0" + content).digest()


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """float32 rows of length 1; a zero row stays zero."""
    rows = vectors.astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= np.where(lengths > 0, lengths, 1)
    return rows


def write_vectors(file: Path, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
    """Write ``keys`` (32 bytes each) and their rows, sorted by key: equal content gives equal files."""
    order = sorted(range(len(keys)), key=keys.__getitem__)
    table = np.frombuffer(b"".join(keys[i] for i in order), np.uint8).reshape(-1, 32)
    temporary = file.with_name(f".{file.name}.tmp")
    with temporary.open("wb") as stream:
        np.savez(stream, keys=table, vectors=vectors[order].astype(np.float16))
    temporary.replace(file)


def read_vectors(files: Iterable[Path], wanted: set[bytes], dim: int) -> dict[bytes, NDArray[np.float32]]:
    """Vectors of the wanted keys, float32, unit length.

    Raises:
        IndexCorrupt: If a file is missing or is not such a file.
    """
    found: dict[bytes, NDArray[np.float32]] = {}
    for file in files:
        try:
            with np.load(file, allow_pickle=False) as arrays:
                keys, vectors = arrays["keys"], arrays["vectors"]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise IndexCorrupt(file, f"not a file of vectors: {error}") from error
        if keys.ndim != 2 or keys.shape[1] != 32 or vectors.ndim != 2 or len(keys) != len(vectors):
            raise IndexCorrupt(file, "keys and vectors do not belong together")
        rows = [row for row in range(len(keys)) if keys[row].tobytes() in wanted]
        if rows and vectors.shape[1] == dim:
            found.update(zip((keys[row].tobytes() for row in rows), unit(vectors[rows]), strict=True))
    return found


def export_vectors(index: "HybridIndex", file: Path) -> int:
    """Write the vectors of an open index for use by other builds; returns how many distinct texts."""
    with index.blaming_damage():
        contents = {row.tobytes(): number for number, row in enumerate(index.passages.hashes)}
        keys = [vector_key(index.manifest.encoder, content) for content in contents]
        rows = index.dense.vectors()[list(contents.values())]
    write_vectors(file, keys, rows)
    return len(keys)
