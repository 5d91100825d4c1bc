"""Scoring of rankings: known values, and no query vanishes."""

import pytest

from benchmarks.measures import paired_p_value, score
from benchmarks.retrieval import ranked_units
from indexer import Hit

QRELS = {"q1": {"a": 1}, "q2": {"b": 1}}


def test_ndcg_and_recall_of_known_rankings() -> None:
    arm = score("hybrid", {"q1": [Hit("a", 2.0)], "q2": [Hit("x", 2.0), Hit("b", 1.0)]}, QRELS)
    assert arm.per_query == pytest.approx({"q1": 1.0, "q2": 0.63093}, abs=1e-5)  # 1 / log2(3)
    assert arm.recall_at_10 == 1.0


def test_equal_scores_are_judged_in_the_order_shown() -> None:
    first = score("lexical", {"q1": [Hit("a", 1.0), Hit("z", 1.0)], "q2": []}, QRELS)
    last = score("lexical", {"q1": [Hit("z", 1.0), Hit("a", 1.0)], "q2": []}, QRELS)
    assert first.per_query["q1"] > last.per_query["q1"]


def test_an_unanswered_query_lowers_the_mean() -> None:
    assert score("dense", {"q1": [Hit("a", 1.0)], "q2": []}, QRELS).ndcg_at_10 == 0.5


def test_permutation_p_value_sees_a_difference_and_no_difference() -> None:
    ones = {str(n): 1.0 for n in range(40)}
    zeros = {str(n): 0.0 for n in range(40)}
    mixed = {str(n): float(n % 2) for n in range(40)}
    inverse = {str(n): float((n + 1) % 2) for n in range(40)}
    assert paired_p_value(ones, zeros) < 0.001
    assert paired_p_value(mixed, inverse) > 0.9


def test_arms_measured_on_different_queries_are_refused() -> None:
    with pytest.raises(ValueError, match="different queries"):
        paired_p_value({"a": 1.0}, {"b": 1.0})


def test_a_document_stands_where_its_best_passage_does() -> None:
    hits = [Hit("b#1", 3.0), Hit("a#2", 2.0), Hit("b#3", 1.0)]
    found = ranked_units(lambda _, k: hits[:k], lambda passage: passage[0], "q", "document")
    assert found == [Hit("b", 3.0), Hit("a", 2.0)]


def test_the_search_goes_deeper_until_there_are_documents_enough() -> None:
    hits = [Hit(f"a#{number}", -number) for number in range(9)] + [Hit("b#1", -10.0)]
    found = ranked_units(lambda _, k: hits[:k], lambda passage: passage[0], "q", "document", depth=2)
    assert [hit.passage_id for hit in found] == ["a", "b"]
