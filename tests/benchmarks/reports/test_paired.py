"""The statistics of arms, against definitions, other libraries and simulated data."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from benchmarks.reports.paired import Values, _newcombe, accuracy_interval, compare

N = 60


def values(marks: list[float], cases: list[str] | None = None) -> Values:
    return Values(values=tuple(marks), cases=tuple(cases or [str(place) for place in range(len(marks))]))


def test_one_arm_has_wilsons_interval_also_at_nought_and_all() -> None:
    none, half, everything = (
        accuracy_interval(values([1.0] * right + [0.0] * (6 - right))) for right in (0, 3, 6)
    )
    assert none
    assert (round(none.low, 3), round(none.high, 3), none.method) == (0.0, 0.390, "Wilson")
    assert half
    assert round(half.low + half.high, 9) == 1.0
    assert everything
    assert (round(everything.low, 3), everything.high) == (0.610, 1.0)


def test_items_of_one_case_widen_the_interval() -> None:
    """60 items of 10 cases, all of a case right or wrong together, are worth 10 items."""
    marks = [float(case % 2) for case in range(10) for _ in range(6)]
    alone = accuracy_interval(values(marks))
    together = accuracy_interval(values(marks, [str(case) for case in range(10) for _ in range(6)]))
    assert alone
    assert together
    assert together.high - together.low > 1.8 * (alone.high - alone.low)


@pytest.mark.parametrize(("fixed", "broken"), [(8, 1), (5, 5), (0, 0), (1, 0), (12, 3)])
def test_mcnemar_is_the_binomial_test_of_discordant_pairs(fixed: int, broken: int) -> None:
    first = [0.0] * fixed + [1.0] * broken + [1.0] * (N - fixed - broken)
    second = [1.0] * fixed + [0.0] * broken + [1.0] * (N - fixed - broken)
    found = compare(values(first), values(second), margin=0.05, seed=0)
    expected = stats.binomtest(fixed, fixed + broken).pvalue if fixed + broken else 1.0
    assert found.p == pytest.approx(expected)
    assert (found.fixed, found.broken, found.test) == (fixed, broken, "McNemar exact")
    assert found.difference == pytest.approx((fixed - broken) / N)


def test_swapping_the_arms_turns_the_difference_and_its_interval_round() -> None:
    for cells in product((0, 3, 11), repeat=4):
        if sum(cells) == 0:
            continue
        both, only_first, only_second, neither = cells
        one, other = _newcombe(cells, 0.95), _newcombe((both, only_second, only_first, neither), 0.95)
        assert one.low == pytest.approx(-other.high)
        assert one.high == pytest.approx(-other.low)
        difference = (only_second - only_first) / sum(cells)
        assert -1 <= one.low <= difference <= one.high <= 1


def test_the_paired_interval_covers_the_truth_in_about_95_of_100_studies() -> None:
    shares = np.array([0.45, 0.05, 0.20, 0.30])
    draws = np.random.default_rng(7).multinomial(40, shares, size=2_000)
    hits = 0
    for cells in draws:
        found = _newcombe(tuple(int(count) for count in cells), 0.95)  # type: ignore[arg-type]
        hits += found.low <= shares[2] - shares[1] <= found.high
    assert 0.935 <= hits / 2_000 <= 0.985


def test_repeats_are_compared_by_item_with_flips() -> None:
    """Half-right items are no pairs of right and wrong; the test is by permutation."""
    first, second = [0.0, 0.5, 0.5, 1.0] * 5, [1.0, 0.5, 1.0, 1.0] * 5
    found = compare(values(first), values(second), margin=0.05, seed=0)
    assert found.test == "sign flips by case"
    assert found.p is not None
    assert found.p == pytest.approx(2 / 2**10), "ten items differ, all the same way"


def test_flips_of_whole_cases_find_less_than_flips_of_items() -> None:
    cases = [str(case) for case in range(4) for _ in range(5)]
    first, second = [0.0] * 20, [1.0] * 20
    together = compare(values(first, cases), values(second, cases), margin=0.05, seed=0)
    assert together.p == pytest.approx(2 / 2**4)


def test_the_same_answers_are_equivalent_only_where_there_are_enough_items() -> None:
    few, many = ([1.0, 0.0] * count for count in (5, 400))
    assert not compare(values(few), values(few), margin=0.03, seed=0).equivalent
    assert compare(values(many), values(many), margin=0.03, seed=0).equivalent


def test_a_difference_as_large_as_the_detectable_one_is_found_in_four_of_five_studies() -> None:
    draw = np.random.default_rng(3)
    found = hits = 0
    for _ in range(300):
        kinds = draw.choice(4, size=300, p=[0.5, 0.10, 0.18, 0.22])
        first = np.isin(kinds, (0, 1)).astype(float)
        second = np.isin(kinds, (0, 2)).astype(float)
        result = compare(values(list(first)), values(list(second)), margin=0.05, seed=0)
        assert result.detectable is not None
        assert result.p is not None
        found += abs(result.detectable - 0.0856) < 0.02
        hits += result.p < 0.05
    assert found > 280
    assert 0.60 < hits / 300 < 0.85, (
        "the true difference, .08, is a little smaller; McNemar's is conservative"
    )


def test_arms_of_different_items_are_refused() -> None:
    with pytest.raises(ValueError, match="different items"):
        compare(values([1.0], ["a"]), values([1.0], ["b"]), margin=0.05, seed=0)
