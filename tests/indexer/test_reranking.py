"""Reranking: the first hits in the order of another judge; a clear word where the judge is not installed.

The cross-encoder is a real one of random weights, made here: what it finds relevant means nothing, but every
part of the path from its files to the ranking is the one that a trained model takes.
"""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import ValidationError

from indexer import (
    BuildRefused,
    Hit,
    HybridIndex,
    IndexSettings,
    RerankerUnavailable,
    RerankingSettings,
    build_index,
    indexed_text,
)
from indexer.reranking import make_reranker, rerank
from tests.indexer.conftest import DOCUMENTS
from tests.requirements import missing

QUERY = "高カリウム血症の心電図"
HITS = [Hit("a", 3.0), Hit("b", 2.0), Hit("c", 1.0)]


class Lengths:
    """Prefers long passages, and remembers what it was given."""

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        self.asked.append(texts)
        return [float(len(text)) for text in texts]


def test_hits_are_ordered_by_the_rerankers_scores() -> None:
    assert rerank("q", HITS, ["", "xx", "x"], Lengths()) == [Hit("b", 2.0), Hit("c", 1.0), Hit("a", 0.0)]


def test_equal_scores_come_in_id_order() -> None:
    assert [hit.passage_id for hit in rerank("q", HITS[::-1], ["x", "x", "x"], Lengths())] == list("abc")


def test_nothing_to_rerank_asks_no_model() -> None:
    reranker = Lengths()
    assert rerank("q", [], [], reranker) == []
    assert reranker.asked == []


def test_none_is_made_unless_a_model_is_named() -> None:
    assert make_reranker(RerankingSettings()) is None


def test_hybrid_search_hands_over_headings_and_text(index: HybridIndex) -> None:
    index.reranker = reranker = Lengths()
    hits = index.search(QUERY, k=2).hits
    texts = {doc.doc_id: indexed_text(index.passage(doc.doc_id).passage) for doc in DOCUMENTS}
    assert sorted(reranker.asked[0]) == sorted(texts.values())
    longest = sorted(texts, key=lambda name: -len(texts[name]))
    assert [hit.passage_id for hit in hits] == longest[:2]


def test_only_the_first_hits_are_read(index: HybridIndex) -> None:
    unranked = index.search(QUERY, k=4).hits
    index.manifest = index.manifest.model_copy(
        update={"settings": IndexSettings(reranking=RerankingSettings(depth=2))}
    )
    index.reranker = reranker = Lengths()
    assert {hit.passage_id for hit in index.search(QUERY, k=1).hits} <= {
        hit.passage_id for hit in unranked[:2]
    }
    assert len(index.search(QUERY, k=3).hits) == 3
    assert [len(texts) for texts in reranker.asked] == [2, 3]


def test_an_arm_by_itself_is_not_reranked(index: HybridIndex) -> None:
    index.reranker = reranker = Lengths()
    index.search(QUERY, mode="lexical")
    assert reranker.asked == []


def test_without_the_extra_an_index_that_asks_for_reranking_says_what_to_install(tmp_path: Path) -> None:
    if find_spec("sentence_transformers") is not None:
        pytest.skip("sentence-transformers is installed")
    settings = IndexSettings(reranking=RerankingSettings(model="some/reranker"))
    with pytest.raises(BuildRefused, match=r"jmedqa\[models\]"):
        build_index(DOCUMENTS[:1], tmp_path, settings)


def test_a_depth_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError):
        RerankingSettings(depth=0)


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer and 16 dimensions over single characters, saved as a model directory."""
    if find_spec("sentence_transformers") is None:
        missing("models", "pip install torch==2.13.0, then pip install -e '.[models]'")
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "tiny"
    folder.mkdir()
    characters = sorted({character for doc in DOCUMENTS for character in doc.title + doc.text + QUERY})
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]), encoding="utf-8"
    )
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=128)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(characters) + 5,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        num_labels=1,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.mark.models
@pytest.mark.timeout(900)
def test_a_cross_encoder_orders_the_hits(cross_encoder: Path, tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder

    settings = IndexSettings(reranking=RerankingSettings(model=str(cross_encoder), device="cpu"))
    build_index(DOCUMENTS, tmp_path, settings)
    with HybridIndex.open(tmp_path) as index:
        hits = index.search(QUERY, k=4).hits
        pairs = [(QUERY, indexed_text(index.passage(doc.doc_id).passage)) for doc in DOCUMENTS]
    theirs = CrossEncoder(str(cross_encoder), device="cpu").predict(pairs)
    expected = {doc.doc_id: float(score) for doc, score in zip(DOCUMENTS, theirs, strict=True)}
    assert [hit.passage_id for hit in hits] == sorted(expected, key=lambda name: -expected[name])
    assert {hit.passage_id: hit.score for hit in hits} == pytest.approx(expected, abs=1e-5)


@pytest.mark.models
@pytest.mark.timeout(900)
def test_a_model_that_is_no_reranker_is_refused(cross_encoder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text(json.dumps({"model_type": "bert"}))
    reranker = make_reranker(RerankingSettings(model=str(broken), device="cpu"))
    assert reranker is not None
    with pytest.raises(RerankerUnavailable, match="cannot load the reranker"):
        reranker.scores("q", ["t"])
