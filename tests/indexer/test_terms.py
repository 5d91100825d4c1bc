"""Terms of a build: none analysed twice, none mixed up, in whatever order texts come and go."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import LexicalIndex, LexicalSettings, MeCabAnalyzer, terms
from indexer.lexical import Bag
from indexer.passages import content_hash
from indexer.strings import SortedStrings
from indexer.terms import PassageTerms

TEXTS = st.lists(st.sampled_from(["腎臓", "心臓 心臓", "肺", "肝臓の病気", "脳", "骨 血"]), max_size=10)


class CountingAnalyzer(MeCabAnalyzer):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def terms(self, text: str) -> list[str]:
        self.texts.append(text)
        return text.split()


def earlier_index(texts: Sequence[str]) -> tuple[np.ndarray, LexicalIndex]:
    ids = SortedStrings.of(f"{row:03d}" for row in range(len(texts)))
    hashes = np.frombuffer(b"".join(map(content_hash, texts)), np.uint8).reshape(-1, 32)
    bags: Iterator[Bag] = ({word: text.split().count(word) for word in text.split()} for text in texts)
    return hashes, LexicalIndex.build(ids, bags, LexicalSettings())


@given(TEXTS, TEXTS)
def test_every_text_gets_its_own_terms_and_only_new_ones_are_analysed(
    before: list[str], now: list[str]
) -> None:
    analyzer = CountingAnalyzer()
    source = PassageTerms(now, list(map(content_hash, now)), analyzer.terms, earlier_index(before))
    assert [sorted(bag) for bag in source.bags()] == [sorted(set(text.split())) for text in now]
    assert sorted(analyzer.texts) == sorted(set(now) - set(before))
    assert source.analysed == len(analyzer.texts)


def test_several_processes_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "PARALLEL_FROM", 1)
    texts = [f"慢性腎臓病の患者 {number} 人のうち、心不全を認めた。" for number in range(200)]
    hashes = list(map(content_hash, texts))
    alone, together = (
        PassageTerms(texts, hashes, MeCabAnalyzer().terms, processes=count).bags() for count in (1, 2)
    )
    assert list(together) == list(alone)
