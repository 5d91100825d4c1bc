"""The engine ``blocks``: the exact engine's hits, whatever the layout, compiled or not."""

import warnings
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import BlockIndex, LexicalIndex, LexicalSettings, MeCabAnalyzer
from indexer import kernels as kernels_module
from indexer.blocks_layout import FILES
from indexer.blocks_writer import write_blocks
from indexer.engines import BLOCKS_FROM, resolved
from indexer.kernels import kernels
from indexer.lexical import Bag
from indexer.strings import SortedStrings
from tests.indexer.test_lexical import json_lines
from tests.requirements import data_folder

SETTINGS = LexicalSettings()


def ids_for(bags: list[Bag]) -> SortedStrings:
    return SortedStrings.of(f"{row:06d}" for row in range(len(bags)))


def random_bags(seed: int, passages: int, words: int) -> list[Bag]:
    """Zipf's law, with a few passages that are empty, long, or repeat a word very often."""
    random = Random(seed)
    vocabulary = [f"語{number}" for number in range(words)]
    weights = [1 / (number + 1) for number in range(words)]
    return [
        Counter(random.choices(vocabulary, weights, k=random.choice([0, 1, 5, 40, 400])))
        for _ in range(passages)
    ]


def write_and_load(folder: Path, bags: list[Bag], block_rows: int, *, use_kernels: bool) -> BlockIndex:
    write_blocks(folder, len(bags), bags, SETTINGS, block_rows=block_rows)
    return BlockIndex.load(folder, ids_for(bags), use_kernels=use_kernels)


def test_the_compiled_search_was_built() -> None:
    """Otherwise every test below compares numpy with numpy."""
    assert kernels() is not None


@pytest.mark.parametrize("use_kernels", [True, False], ids=["compiled", "numpy"])
@pytest.mark.parametrize("block_rows", [64, 1024, 65_536])
@pytest.mark.parametrize("words", [3, 60, 2_000])
def test_hits_are_the_exact_engines_to_the_last_bit(
    tmp_path: Path, block_rows: int, words: int, use_kernels: bool
) -> None:
    bags = random_bags(words, 700, words)
    exact = LexicalIndex.build(ids_for(bags), bags, SETTINGS)
    blocks = write_and_load(tmp_path, bags, block_rows, use_kernels=use_kernels)
    random = Random(1)
    for number in range(60):
        query = [f"語{random.randrange(words + 1)}" for _ in range(random.randint(1, 30))]
        k = random.choice([1, 10, 100, 5_000])
        allowed = np.array([random.random() < 0.3 for _ in bags]) if number % 2 else None
        assert blocks.search(query, k, allowed) == exact.search(query, k, allowed)
        assert blocks.bound(query) == exact.bound(query)
        weighted = {term: random.choice([0.01, 0.37, 1.0, 2.5]) for term in query}
        assert blocks.search(weighted, k, allowed) == exact.search(weighted, k, allowed)
        rows = [number, 0, number // 2, len(bags) - 1]
        assert blocks.matched(query, rows) == exact.matched(query, rows)


@pytest.mark.parametrize("block_rows", [64, 65_536])
def test_no_count_is_lost(tmp_path: Path, block_rows: int) -> None:
    """The impact has 8 bits, yet 300 and 301 occurrences are told apart."""
    bags: list[Bag] = [*random_bags(7, 300, 40), {"語0": 300}, {"語0": 301}, {"語0": 70_000, "語1": 1}]
    blocks = write_and_load(tmp_path, bags, block_rows, use_kernels=True)
    assert [dict(bag) for bag in blocks.bags()] == [dict(bag) for bag in bags]
    exact = LexicalIndex.build(ids_for(bags), bags, SETTINGS)
    assert blocks.search(["語0", "語1"], 50) == exact.search(["語0", "語1"], 50)


WORDS = st.lists(st.sampled_from("腎心肺肝脳血骨"), max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, max_size=12), WORDS, st.integers(1, 12))
def test_tiny_corpora_with_negative_weights_too(corpus: list[list[str]], query: list[str], k: int) -> None:
    bags: list[Bag] = list(map(Counter, corpus))
    ids = ids_for(bags)
    expected = LexicalIndex.build(ids, bags, SETTINGS).search(query, k)
    assert BlockIndex.build(ids, bags, SETTINGS).search(query, k) == expected


def test_hits_on_real_data_are_the_exact_engines(analyzer: MeCabAnalyzer) -> None:
    folder = data_folder("jsquad")
    texts = {line["id"]: line["text"] for line in json_lines(folder / "passages.jsonl")}
    bags: list[Bag] = [Counter(analyzer.terms(texts[passage_id])) for passage_id in sorted(texts)]
    ids = SortedStrings.of(sorted(texts))
    exact, blocks = (engine.build(ids, bags, SETTINGS) for engine in (LexicalIndex, BlockIndex))
    for line in Random(0).sample(json_lines(folder / "queries.jsonl"), 200):
        terms = analyzer.terms(line["text"])
        assert blocks.search(terms, 100) == exact.search(terms, 100)


def test_a_query_of_very_many_terms_is_answered(tmp_path: Path) -> None:
    bags: list[Bag] = [{f"語{number}": 1 for number in range(row, row + 50)} for row in range(5_000)]
    query = [f"語{number}" for number in range(4_500)]
    exact = LexicalIndex.build(ids_for(bags), bags, SETTINGS)
    blocks = write_and_load(tmp_path, bags, 65_536, use_kernels=True)
    assert blocks.search(query, 20) == exact.search(query, 20)


def test_opening_maps_the_arrays(tmp_path: Path) -> None:
    blocks = write_and_load(tmp_path, random_bags(0, 500, 200), 1024, use_kernels=True)
    assert isinstance(blocks._arrays["offsets"].base, np.memmap)


def test_bags_are_read_once_and_nothing_is_left_beside_the_index(tmp_path: Path) -> None:
    bags = random_bags(0, 200, 20)
    write_blocks(tmp_path, 200, iter(bags), SETTINGS, block_rows=64)
    expected = {f"{name}.npy" for name in (*FILES, "terms.utf8", "terms.offsets")}
    assert {path.name for path in tmp_path.iterdir()} == expected


def test_without_the_library_there_is_a_warning_and_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bags = random_bags(3, 100, 30)
    expected = write_and_load(tmp_path, bags, 64, use_kernels=True).search(["語1", "語2"], 10)
    monkeypatch.setattr(kernels_module, "EXTENSION_SUFFIXES", [".missing"])
    kernels.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match="install a C compiler"):
            assert BlockIndex.load(tmp_path, ids_for(bags)).search(["語1", "語2"], 10) == expected
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            BlockIndex.load(tmp_path, ids_for(bags))  # one warning is enough
    finally:
        kernels.cache_clear()


def test_auto_picks_by_size_and_a_named_engine_stays() -> None:
    assert resolved(LexicalSettings(), BLOCKS_FROM - 1).engine == "files"
    assert resolved(LexicalSettings(), BLOCKS_FROM).engine == "blocks"
    assert resolved(LexicalSettings(engine="files"), BLOCKS_FROM).engine == "files"
