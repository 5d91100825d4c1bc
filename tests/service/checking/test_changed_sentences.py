"""Real sentences with one thing changed by program: none passes against its own passage."""

from collections import Counter

import pytest

from benchmarks.citation_mutations import mutations
from benchmarks.citations import Changed, changed_sentences, status_of
from tests.requirements import data_folder

EACH = 250


@pytest.fixture(scope="module")
def changed() -> list[Changed]:
    data_folder("nando", "passages.jsonl")
    return list(changed_sentences(data_folder("jaquad", "passages.jsonl.gz").parents[1], limit_each=EACH))


def test_no_changed_sentence_is_verified(changed: list[Changed]) -> None:
    assert len(changed) >= 2_000
    passed = [
        entry for entry in changed if status_of(entry.claim, entry.passage, entry.headings) == "verified"
    ]
    assert [(entry.kind, entry.claim, entry.original) for entry in passed] == []


def test_every_kind_of_change_is_there(changed: list[Changed]) -> None:
    kinds = Counter(entry.kind for entry in changed)
    assert kinds.keys() == {"number", "power", "unit", "comparator", "negation"}
    assert min(kinds.values()) >= 200


def test_the_unchanged_sentences_mostly_are_verified(changed: list[Changed]) -> None:
    """The control: a check that refuses everything would pass the test above."""
    originals = {(entry.original, entry.passage, entry.headings) for entry in changed[::5]}
    verified = sum(status_of(*original) == "verified" for original in originals)
    assert verified / len(originals) >= 0.9


@pytest.mark.parametrize(
    ("sentence", "changes"),
    [
        ("1日10 mg以上を投与する。", {"number", "unit", "comparator", "negation"}),
        ("白血球は10⁴個である。", {"power", "number", "negation"}),
        ("面積は3平方キロである。", {"number", "power", "negation"}),
    ],
)
def test_a_sentence_is_changed_in_every_way_it_allows(sentence: str, changes: set[str]) -> None:
    found = list(mutations(sentence))
    assert {entry.kind for entry in found} >= changes
    assert all(entry.text != sentence for entry in found)
