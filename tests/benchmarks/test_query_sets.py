"""The project's own queries: every judgement resolves, and the mix is what the docs say."""

from collections import Counter

import pytest

from benchmarks.query_sets import QuerySet, starter
from corpora import STARTER, SplitSettings, read_corpus, split
from indexer import StoredPassage


@pytest.fixture(scope="module")
def own() -> QuerySet:
    return starter()


def passages(width: int) -> list[StoredPassage]:
    settings = SplitSettings(max_width=width)
    return [
        StoredPassage.of(passage, document)
        for document in read_corpus([STARTER])
        for passage in split(document, settings)
    ]


@pytest.mark.parametrize("width", [600, 150])
def test_every_judgement_resolves_however_the_corpus_is_split(own: QuerySet, width: int) -> None:
    grades = own.judged(passages(width))
    assert grades.keys() == own.queries.keys()
    assert all(relevant for relevant in grades.values())


def test_every_query_has_a_passage_that_answers_it(own: QuerySet) -> None:
    assert all(max(grade for *_, grade in judged) == 2 for judged in own.headings.values())
    assert {grade for judged in own.headings.values() for *_, grade in judged} == {1, 2}


def test_half_of_the_queries_are_lay_words(own: QuerySet) -> None:
    kinds = Counter(own.kinds.values())
    assert len(own.queries) >= 300
    assert kinds["lay"] * 2 >= len(own.queries)
    assert {"abbreviation", "misspelling", "negation", "brand"} < kinds.keys()


def test_no_query_stands_twice(own: QuerySet) -> None:
    assert len(set(own.queries.values())) == len(own.queries)


def test_a_judgement_of_no_heading_is_refused() -> None:
    lost = QuerySet("lost", "passage", list, {"q": "?"}, headings={"q": [("no-such", "見出し", 2)]})
    with pytest.raises(ValueError, match="no-such has no heading"):
        lost.judged(passages(600))
