"""Dense search: exact, complete under filters, deterministic on ties."""

from pathlib import Path

import numpy as np
import pytest

from indexer import DenseIndex, DenseSettings
from indexer.dense import HNSW_FROM, IVF_FROM, resolved
from indexer.strings import SortedStrings
from indexer.vectors import unit


def ids(count: int) -> SortedStrings:
    return SortedStrings.of(f"p{number:04d}" for number in range(count))


def random_rows(count: int, seed: int = 0) -> np.ndarray:
    return unit(np.random.default_rng(seed).standard_normal((count, 16)))


def test_hits_are_the_nearest_rows() -> None:
    rows = random_rows(500)
    query = random_rows(1, seed=1)[0]
    hits = DenseIndex.build(ids(500), rows).search(query, 10)
    best = np.argsort(-(rows @ query))[:10]
    assert [hit.passage_id for hit in hits] == [f"p{row:04d}" for row in best]
    assert [hit.score for hit in hits] == pytest.approx((rows @ query)[best].tolist(), abs=1e-6)


@pytest.mark.parametrize("k", [1, 3, 100, 500, 3000, 3010])
def test_equal_rows_come_in_id_order_even_across_rank_k(k: int) -> None:
    """From k = 100 on FAISS collects hits another way; neither way promises which of a tie it keeps."""
    rows = random_rows(6000)
    same = np.sort(np.random.default_rng(1).permutation(6000)[:3000])
    rows[same] = rows[same[0]]
    hits = DenseIndex.build(ids(6000), rows).search(rows[same[0]], k)
    assert [hit.passage_id for hit in hits][:3000] == [f"p{row:04d}" for row in same[:k]]


def test_more_than_there_are_gives_all() -> None:
    assert len(DenseIndex.build(ids(5), random_rows(5)).search(random_rows(1)[0], 100)) == 5


def test_a_filter_loses_no_hit() -> None:
    rows = random_rows(1000)
    allowed = np.zeros(1000, bool)
    allowed[::97] = True  # 11 rows, whatever their rank
    hits = DenseIndex.build(ids(1000), rows).search(random_rows(1, seed=2)[0], 11, allowed)
    assert sorted(hit.passage_id for hit in hits) == [f"p{row:04d}" for row in range(0, 1000, 97)]


def test_nothing_allowed_finds_nothing() -> None:
    assert DenseIndex.build(ids(3), random_rows(3)).search(random_rows(1)[0], 2, np.zeros(3, bool)) == []


@pytest.mark.parametrize("count", [0, 1, 100])
def test_a_saved_index_finds_the_same(count: int, tmp_path: Path) -> None:
    index = DenseIndex.build(ids(count), random_rows(count))
    index.save(tmp_path)
    loaded = DenseIndex.load(tmp_path, ids(count))
    query = random_rows(1, seed=3)[0]
    allowed = np.arange(count) % 2 == 0
    assert loaded.search(query, 10) == index.search(query, 10)
    assert loaded.search(query, 10, allowed) == index.search(query, 10, allowed)
    assert np.array_equal(loaded.vectors(), index.vectors())


def test_vectors_and_ids_must_go_together(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 ids, but 3 vectors"):
        DenseIndex.build(ids(2), random_rows(3))
    DenseIndex.build(ids(3), random_rows(3)).save(tmp_path)
    with pytest.raises(ValueError, match="2 ids, but 3 vectors"):
        DenseIndex.load(tmp_path, ids(2))


def topical_rows(count: int, seed: int = 0) -> np.ndarray:
    """Rows around 40 topics, as text has them."""
    random = np.random.default_rng(seed)
    topics = np.random.default_rng(99).standard_normal((40, 32))
    return unit(topics[random.integers(40, size=count)] + 0.5 * random.standard_normal((count, 32)))


KINDS = [DenseSettings(kind="hnsw"), DenseSettings(kind="ivf-sq8", probes=16)]


@pytest.fixture(params=KINDS, ids=lambda settings: settings.kind)
def approximate(request: pytest.FixtureRequest) -> DenseSettings:
    settings: DenseSettings = request.param
    return settings


def test_an_approximate_index_finds_nearly_all_with_exact_scores(approximate: DenseSettings) -> None:
    rows = topical_rows(3_000)
    index = DenseIndex.build(ids(3_000), rows, approximate)
    flat = DenseIndex.build(ids(3_000), rows, DenseSettings(kind="flat"))
    shared = 0
    for query in topical_rows(30, seed=1):
        exact = flat.search(query, 20)
        hits = index.search(query, 20)
        true = {hit.passage_id: hit.score for hit in flat.search(query, 3_000)}
        assert [hit.score for hit in hits] == pytest.approx([true[hit.passage_id] for hit in hits], abs=1e-6)
        assert hits == sorted(hits, key=lambda hit: (-hit.score, hit.passage_id))
        shared += len({hit.passage_id for hit in hits} & {hit.passage_id for hit in exact})
    assert shared >= 0.98 * 30 * 20


@pytest.mark.parametrize("share", [0.001, 0.02, 0.06, 0.5])
def test_an_approximate_index_gives_k_hits_under_any_filter(approximate: DenseSettings, share: float) -> None:
    """The rows that pass lie far from the query."""
    rows = topical_rows(3_000)
    query = topical_rows(1, seed=5)[0]
    index = DenseIndex.build(ids(3_000), rows, approximate)
    allowed = np.zeros(3_000, bool)
    count = int(share * 3_000)
    allowed[np.argsort(rows @ query)[:count]] = True
    hits = index.search(query, 50, allowed)
    assert len(hits) == min(50, count)
    assert all(allowed[int(hit.passage_id[1:])] for hit in hits)


def test_all_rows_are_found_where_all_are_asked_for(approximate: DenseSettings) -> None:
    index = DenseIndex.build(ids(500), topical_rows(500), approximate)
    assert len(index.search(topical_rows(1, seed=5)[0], 500)) == 500


def test_an_approximate_index_keeps_the_whole_rows(approximate: DenseSettings, tmp_path: Path) -> None:
    """A later build reuses them: 8 bits must never become the source."""
    rows = topical_rows(500)
    index = DenseIndex.build(ids(500), rows, approximate)
    index.save(tmp_path)
    loaded = DenseIndex.load(tmp_path, ids(500), approximate)
    query = topical_rows(1, seed=5)[0]
    assert np.array_equal(loaded.vectors(), rows)
    assert loaded.search(query, 10) == index.search(query, 10)


def test_auto_picks_by_size_and_a_named_kind_stays() -> None:
    assert resolved(DenseSettings(), HNSW_FROM - 1).kind == "flat"
    assert resolved(DenseSettings(), HNSW_FROM).kind == "hnsw"
    assert resolved(DenseSettings(), IVF_FROM).kind == "ivf-sq8"
    assert resolved(DenseSettings(kind="hnsw"), 10) == DenseSettings(kind="hnsw")
