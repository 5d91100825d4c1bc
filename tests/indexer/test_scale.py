"""A large corpus: a whole build, and rank-bm25's ranking at a size where shortcuts would show."""

import gzip
import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

from corpora import Document, split
from indexer import EncoderIdentity, HybridIndex, MeCabAnalyzer, build_index, indexed_text
from tests.requirements import data_folder

pytestmark = [pytest.mark.scale, pytest.mark.timeout(900)]

PASSAGES = 30_000
QUERIES = ("雨の降る夜の停車場", "病院の廊下を歩く医者", "古い手紙を焼き捨てる", "海", "彼は何も答えなかった")


class HashEncoder:
    """Unit vectors from a hash: the real encoder would take an hour for this many passages."""

    dim = 16
    identity = EncoderIdentity(
        name="hash", model="sha256", version="1", dim=16, query_prompt="", passage_prompt=""
    )

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        digests = [np.frombuffer(sha256(text.encode()).digest()[:16], np.uint8) for text in texts]
        rows = np.stack(digests).astype(np.float32) - 127.5
        unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    encode_queries = encode_passages


def works(file: Path) -> Iterator[Document]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for number, row in enumerate(map(json.loads, lines)):
            yield Document(doc_id=f"{number:05d}", title=row["title"], text=row["text"].strip() or "。")


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    file = data_folder("aozora", "aozora_subset_120MB.jsonl.gz")
    chosen: list[Document] = []
    count = 0
    for document in islice(works(file), 10_000):
        chosen.append(document)
        count += len(split(document))
        if count >= PASSAGES:
            return chosen
    raise AssertionError(f"only {count} passages")


@pytest.fixture(scope="module")
def index(documents: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Iterator[HybridIndex]:
    out = tmp_path_factory.mktemp("scale") / "index"
    build_index(documents, out, encoder=HashEncoder())
    with HybridIndex.open(out, encoder=HashEncoder(), verify=True) as opened:
        yield opened


def test_every_passage_is_there(index: HybridIndex, documents: list[Document]) -> None:
    expected = [passage for document in documents for passage in split(document)]
    assert index.manifest.counts.passages == len(expected)
    for passage in expected[:: len(expected) // 500]:
        assert index.passage(passage.passage_id).passage == passage


def test_lexical_ranking_is_rank_bm25s(index: HybridIndex, documents: list[Document]) -> None:
    analyzer = MeCabAnalyzer()
    passages = [passage for document in documents for passage in split(document)]
    constants = index.manifest.settings.lexical
    reference = BM25Okapi(
        [analyzer.terms(indexed_text(passage)) for passage in passages],
        k1=constants.k1,
        b=constants.b,
        epsilon=constants.epsilon,
    )
    for query in QUERIES:
        terms = analyzer.terms(query)
        scores = dict(
            zip((p.passage_id for p in passages), map(float, reference.get_scores(terms)), strict=True)
        )
        hits = index.search(query, 100, mode="lexical").hits
        assert [hit.score for hit in hits] == pytest.approx([scores[h.passage_id] for h in hits], abs=1e-6)
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[: len(hits)]
        at_the_edge = best[-1][1] + 1e-6
        assert {i for i, s in best if s > at_the_edge} == {
            h.passage_id for h in hits if h.score > at_the_edge
        }


def test_a_rebuild_computes_nothing_again(
    index: HybridIndex, documents: list[Document], tmp_path: Path
) -> None:
    out = index._held.folder.parents[1]
    counts = build_index(documents, out, encoder=HashEncoder()).counts
    assert (counts.analysed, counts.encoded) == (0, 0)
