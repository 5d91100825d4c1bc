"""A build makes one whole new generation, and computes only what has changed."""

from pathlib import Path

import numpy as np
import pytest

from corpora import CorpusError, Origin
from indexer import (
    BuildProgress,
    HybridIndex,
    IndexSettings,
    LexicalSettings,
    build_index,
)
from tests.indexer.conftest import DOCUMENTS, document, write_random_vectors


def test_the_manifest_says_what_was_built_from_what(built: Path) -> None:
    with HybridIndex.open(built) as index:
        manifest = index.manifest
    assert manifest.counts.documents == manifest.counts.passages == len(DOCUMENTS)
    assert manifest.counts.encoded == manifest.counts.analysed == len(DOCUMENTS)
    assert manifest.analyzer.dictionary == "unidic-lite"
    assert manifest.encoder.dim == 384
    assert {"passages.jsonl", "lexical/rows.npy", "dense/vectors.faiss"} <= set(manifest.files)


def test_an_unchanged_corpus_is_neither_analysed_nor_encoded_again(built: Path, tmp_path: Path) -> None:
    steps: list[BuildProgress] = []
    build_index(DOCUMENTS, tmp_path / "ix")
    again = build_index(DOCUMENTS, tmp_path / "ix", progress=steps.append)
    assert (again.counts.encoded, again.counts.analysed) == (0, 0)
    assert again.counts.reused_vectors == len(DOCUMENTS)
    assert max(step.reused for step in steps if step.stage == "encode") == len(DOCUMENTS)
    with HybridIndex.open(built) as fresh, HybridIndex.open(tmp_path / "ix") as reused:
        query = "カリウムが高いときの心電図"
        assert reused.search(query).arms == fresh.search(query).arms


def test_only_the_changed_document_is_computed(tmp_path: Path) -> None:
    build_index(DOCUMENTS, tmp_path)
    changed = [DOCUMENTS[0].model_copy(update={"text": "別の本文。"}), *DOCUMENTS[1:]]
    counts = build_index(changed, tmp_path).counts
    assert (counts.encoded, counts.analysed, counts.reused_vectors) == (1, 1, len(DOCUMENTS) - 1)


def test_metadata_may_change_without_computing(tmp_path: Path) -> None:
    build_index(DOCUMENTS, tmp_path)
    renamed = [doc.model_copy(update={"source": "新しい出典"}) for doc in DOCUMENTS]
    assert build_index(renamed, tmp_path).counts.encoded == 0
    with HybridIndex.open(tmp_path) as index:
        assert index.passage("iga").source == "新しい出典"


def test_another_engine_reuses_terms_and_vectors(tmp_path: Path) -> None:
    build_index(DOCUMENTS, tmp_path)
    other = IndexSettings(lexical=LexicalSettings(engine="rank-bm25"))
    counts = build_index(DOCUMENTS, tmp_path, other).counts
    assert (counts.encoded, counts.analysed) == (0, 0)
    back = build_index(DOCUMENTS, tmp_path).counts
    assert (back.encoded, back.analysed) == (0, 0)


def test_equal_texts_are_encoded_once(tmp_path: Path) -> None:
    counts = build_index([document(name, "同じ本文") for name in "abc"], tmp_path).counts
    assert (counts.passages, counts.encoded) == (3, 1)


def test_the_order_of_documents_does_not_show(tmp_path: Path) -> None:
    settings = IndexSettings(vectors=(write_random_vectors(tmp_path / "v.npz", DOCUMENTS),))
    one = build_index(DOCUMENTS, tmp_path / "one", settings)
    other = build_index(DOCUMENTS[::-1], tmp_path / "other", settings)
    assert one.files == other.files


def test_a_damaged_live_generation_is_not_reused(tmp_path: Path) -> None:
    build_index(DOCUMENTS, tmp_path)
    vectors = next(tmp_path.glob("generations/*/dense/vectors.faiss"))
    damaged = bytearray(vectors.read_bytes())
    damaged[-1] ^= 0xFF
    vectors.write_bytes(damaged)
    assert build_index(DOCUMENTS, tmp_path).counts.encoded == len(DOCUMENTS)


def test_two_documents_of_one_id_are_refused_with_both_places(tmp_path: Path) -> None:
    documents = [
        document("d", "本文", origin=Origin(path="a.jsonl", sha256="0", line=3)),
        document("d", "別文", origin=Origin(path="b.jsonl", sha256="1", line=7)),
    ]
    with pytest.raises(CorpusError, match=r"b\.jsonl:7: .*'d'.*a\.jsonl:3"):
        build_index(documents, tmp_path)


def test_a_document_named_like_a_passage_of_another_is_refused(tmp_path: Path) -> None:
    long = "。".join(["腎臓の長い説明" * 20] * 10)
    with pytest.raises(CorpusError, match="'d~1'"):
        build_index([document("d", long), document("d~1", "本文")], tmp_path)


def test_no_document_is_refused_and_the_live_index_stays(tmp_path: Path) -> None:
    build_index(DOCUMENTS[:1], tmp_path)
    with pytest.raises(CorpusError, match="no document"):
        build_index([], tmp_path)
    with HybridIndex.open(tmp_path) as index:
        assert index.generation.startswith("000001")


def test_a_corpus_that_fails_while_it_is_read_leaves_nothing(tmp_path: Path) -> None:
    def failing():  # type: ignore[no-untyped-def]
        yield DOCUMENTS[0]
        raise CorpusError("x.jsonl", 2, "broken")

    with pytest.raises(CorpusError, match="broken"):
        build_index(failing(), tmp_path)
    assert not (tmp_path / "tmp").exists()
    assert not (tmp_path / "CURRENT").exists()


def test_rows_are_unit_vectors(index: HybridIndex) -> None:
    assert np.linalg.norm(index.dense.vectors(), axis=1) == pytest.approx(np.ones(len(DOCUMENTS)), abs=1e-5)
