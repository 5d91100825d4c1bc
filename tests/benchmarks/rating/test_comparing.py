"""Tests on case means: exact values by hand, other implementations, and the rate of false positives."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from benchmarks.rating.statistics.design import case_means, pair_differences, question_means
from benchmarks.rating.statistics.intervals import coefficient_interval, mean_intervals
from benchmarks.rating.statistics.omnibus import friedman, omnibus, within_case_ranks
from benchmarks.rating.statistics.pairwise import benjamini_hochberg, holm, sign_flip_p, smallest_p
from benchmarks.rating.statistics.simulation import Size, Variation, false_positive_rates

PUBLISHED = Size(cases=9, systems=4, questions=9, raters=4)
"""The size of the published nine-question study."""

RANDOM = np.random.default_rng(7)


def test_a_case_counts_once_however_many_cells_it_has() -> None:
    scores = np.full((2, 2, 2, 3), np.nan)
    scores[0, :, 0, 0] = [2, 0]
    scores[1, :, :, :] = 1
    means, kept = case_means(question_means(scores))
    assert means.tolist() == [[2, 0], [1, 1]]
    assert kept.tolist() == [0, 1]


def test_no_system_is_measured_on_questions_that_another_lacks() -> None:
    by_question = np.array([[[2.0, 0.0], [2.0, np.nan]]])
    assert case_means(by_question)[0].tolist() == [[2.0, 2.0]]
    assert pair_differences(by_question, 0, 1)[0].tolist() == [0.0]


def test_friedmans_statistic_is_scipys_with_ties() -> None:
    table = RANDOM.integers(0, 4, (12, 5)).astype(np.float64)
    chi_square, _ = friedman(within_case_ranks(table)[None])
    assert chi_square[0] == pytest.approx(stats.friedmanchisquare(*table.T).statistic)


def test_iman_and_davenports_f_by_hand() -> None:
    # 3 cases, 3 systems; rank sums 4, 6, 8: chi² = 8/3, F = 2·(8/3) / (6 − 8/3) = 1.6 on 2 and 4 df.
    found = omnibus(np.array([[1.0, 2, 3], [1, 2, 3], [2, 2.5, 1.5]]) * 0.1, permutations=10_000, seed=1)
    ranks = [[1, 2, 3], [1, 2, 3], [2, 3, 1]]
    sums = np.array(ranks).sum(axis=0)
    chi_square = 12 / (3 * 3 * 4) * (sums**2).sum() - 3 * 3 * 4
    assert found.chi_square == pytest.approx(chi_square)
    assert found.f == pytest.approx(2 * chi_square / (3 * 2 - chi_square))
    assert found.f_p == pytest.approx(stats.f.sf(found.f, 2, 4))


def test_the_within_case_permutation_comes_to_the_exact_share() -> None:
    table = np.array([[1.0, 2, 3], [1, 3, 2], [1, 2, 3], [2, 1, 3]])
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    observed = (table.sum(axis=0) ** 2).sum()
    extreme = [
        (sum(table[case, list(order)] for case, order in enumerate(chosen)) ** 2).sum() >= observed
        for chosen in product(orders, repeat=4)
    ]
    found = omnibus(table, permutations=40_000, seed=3)
    assert found.permutation_p == pytest.approx(np.mean(extreme), abs=0.006)


def test_the_same_seed_gives_the_same_p_and_equal_systems_none() -> None:
    table = RANDOM.normal(size=(20, 4))
    first = omnibus(table, permutations=10_000, seed=5)
    assert first == omnibus(table, permutations=10_000, seed=5)
    equal = omnibus(np.ones((9, 4)), permutations=10_000, seed=5)
    assert (equal.chi_square, equal.f_p, equal.permutation_p) == (None, None, None)


@pytest.mark.parametrize("cases", [1, 2, 5, 9])
def test_sign_flips_are_counted_exactly(cases: int) -> None:
    differences = RANDOM.integers(-4, 5, (cases, 3)) / 4
    flips = np.array(list(product((1, -1), repeat=cases)))
    exact = (np.abs(flips @ differences) >= np.abs(differences.sum(axis=0)) - 1e-9).mean(axis=0)
    assert sign_flip_p(differences, permutations=10_000, seed=1) == pytest.approx(exact)


def test_seventeen_cases_are_sampled_and_sixteen_are_not() -> None:
    assert sign_flip_p(np.ones((16, 1)), permutations=10_000, seed=1)[0] == 2 / 2**16
    assert smallest_p(16, 10_000) == 2 / 2**16
    assert sign_flip_p(np.ones((17, 1)), permutations=10_000, seed=1)[0] == pytest.approx(1e-4, rel=0.5)
    assert smallest_p(17, 10_000) == 1 / 10_001


def test_a_case_that_does_not_compare_two_systems_is_left_out() -> None:
    with_gap = np.array([[1.0], [1.0], [np.nan], [1.0]])
    assert sign_flip_p(with_gap, permutations=10_000, seed=1)[0] == 0.25
    assert np.isnan(sign_flip_p(np.full((4, 1), np.nan), permutations=10_000, seed=1)[0])


def test_adjusted_p_values_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert holm([]) == benjamini_hochberg([]) == []


def test_intervals_are_t_below_twenty_cases_and_bca_from_twenty() -> None:
    values = RANDOM.normal(1, 0.3, (19, 1))
    (few,) = mean_intervals(values, seed=1)
    expected = stats.t.interval(0.95, 18, values.mean(), stats.sem(values[:, 0]))
    assert few is not None
    assert (few.low, few.high, few.method) == (pytest.approx(expected[0]), pytest.approx(expected[1]), "t")
    (many,) = mean_intervals(np.vstack([values, [[1.0]]]), seed=1)
    assert many is not None
    assert many.method == "bca"


@pytest.mark.parametrize("values", [np.full((30, 1), 1.0), np.array([[1.0]]), np.full((5, 1), np.nan)])
def test_no_interval_is_drawn_where_nothing_varies(values: np.ndarray) -> None:
    assert mean_intervals(values, seed=1) == [None]


def test_an_interval_stays_on_the_scale() -> None:
    (interval,) = mean_intervals(np.array([[2.0], [2], [2], [1]]), seed=1, bounds=(0, 2))
    assert interval is not None
    assert interval.high == 2.0


@pytest.mark.parametrize("cases", [12, 40])
def test_the_interval_of_a_coefficient_that_is_a_mean_is_that_of_the_mean(cases: int) -> None:
    values = RANDOM.gamma(2, 0.2, cases)
    found = coefficient_interval(
        lambda weights: weights @ values / weights.sum(axis=1), cases, seed=1, bounds=(-9, 9)
    )
    (expected,) = mean_intervals(values[:, None], seed=2)
    assert found is not None
    assert expected is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.01)


def test_null_studies_are_rejected_at_about_five_per_cent() -> None:
    rates = false_positive_rates(300, PUBLISHED, Variation(), permutations=1_000, seed=11)
    assert 0.02 <= rates.permutation <= 0.08
    assert 0.02 <= rates.f <= 0.08
    assert rates.pooled > 0.5


@pytest.mark.scale
def test_two_thousand_null_studies_are_rejected_at_four_to_six_per_cent() -> None:
    rates = false_positive_rates(2_000, PUBLISHED, Variation(), permutations=10_000, seed=1)
    assert 0.04 <= rates.permutation <= 0.06
    assert 0.04 <= rates.f <= 0.06
    assert 0.6 <= rates.pooled <= 0.8
