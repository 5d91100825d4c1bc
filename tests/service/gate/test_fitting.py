"""The relevance gate's threshold is fitted to judged queries, or not at all."""

import pytest

from indexer.errors import InvalidQuery
from service.budget import Budget
from service.gate.fitting import JudgedQuery, f_beta, fit_gate, row_at


def separable(number: int) -> list[JudgedQuery]:
    """Relevant passages score 0.8 and 0.7, the others 0.2 and less."""
    hits = ((0.8, True), (0.7, True), (0.2, False), (0.1, False), (0.05, False))
    return [JudgedQuery(f"q{one:03}", hits) for one in range(number)]


def test_a_threshold_that_separates_is_found_and_recommended() -> None:
    fitted = fit_gate(separable(60), k=5)
    assert fitted.chosen.min_score == 0.7
    assert (fitted.held_out.precision, fitted.held_out.recall) == (1.0, 1.0)
    assert fitted.without.precision == pytest.approx(0.4)
    assert fitted.adopted
    assert fitted.settings_lines[-1] == "min_score = 0.7"


def test_the_recommended_lines_are_settings() -> None:
    fitted = fit_gate(separable(60), k=5)
    assert Budget(k=5, relevance="score", min_score=fitted.chosen.min_score).min_score == 0.7


def test_scores_that_tell_nothing_recommend_nothing() -> None:
    judged = [
        JudgedQuery(f"q{one:03}", tuple((0.1 * rank, rank == one % 5) for rank in range(5, 0, -1)))
        for one in range(100)
        if one % 5
    ]
    fitted = fit_gate(judged, k=5)
    assert not fitted.adopted
    assert fitted.settings_lines[0].startswith("#")


def test_equal_scores_stay_or_go_together() -> None:
    tied = [JudgedQuery("q", ((0.5, True), (0.5, False), (0.5, False)))]
    assert row_at(tied, 0.5, 1.0).kept == 3
    assert row_at(tied, 0.5000001, 1.0).kept == 0


def test_the_bound_on_lost_passages_is_kept_even_where_f_would_rise() -> None:
    hits = ((0.9, True), (0.3, True), *((0.4, False),) * 30)
    judged = [JudgedQuery(f"q{one:03}", hits) for one in range(60)]
    assert fit_gate(judged, k=32, beta=0.5, lose_at_most=0.6).chosen.min_score == 0.9
    assert fit_gate(judged, k=32, beta=0.5, lose_at_most=0.1).chosen.min_score == 0.3


@pytest.mark.parametrize("judged", [[], separable(59), [JudgedQuery("q", ((0.5, False),))] * 100])
def test_too_little_is_refused_with_the_counts(judged: list[JudgedQuery]) -> None:
    with pytest.raises(InvalidQuery, match=f"{len(judged)} queries have a relevant judgement.*60 are needed"):
        fit_gate(judged, k=5)


def test_f_beta_is_the_textbook_one() -> None:
    assert f_beta(0.5, 1.0, 2.0) == pytest.approx(5 * 0.5 / (4 * 0.5 + 1))
    assert f_beta(0.0, 0.0, 2.0) == 0.0
