"""Agreement coefficients: the textbooks' values, and data that break careless formulas."""

import numpy as np
import pytest

from benchmarks.rating.statistics.agreement import (
    Table,
    category_weights,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
)
from benchmarks.rating.statistics.icc import complete_rows, icc_2_of, intraclass

_ = np.nan
CANONICAL = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
).T
"""Krippendorff 2011, section D: 12 units, 4 observers, missing scores."""

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=np.float64
)
"""Shrout and Fleiss 1979, table 2: 6 targets, 4 judges."""

CATEGORIES = (1, 2, 3, 4, 5)


@pytest.mark.parametrize(("scale", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_krippendorffs_own_table(scale: str, value: float) -> None:
    assert krippendorff_alpha(Table.of(CANONICAL, CATEGORIES), scale) == pytest.approx(value, abs=5e-4)


def test_ac1_of_the_same_table() -> None:
    assert gwet_ac(Table.of(CANONICAL, CATEGORIES), "nominal") == pytest.approx(0.77544, abs=5e-6)


def test_the_six_intraclass_correlations_of_shrout_and_fleiss() -> None:
    values = intraclass(SHROUT_FLEISS)
    assert values is not None
    assert values == pytest.approx((0.166, 0.290, 0.715, 0.443, 0.620, 0.909), abs=5e-4)


def test_the_resampled_intraclass_correlation_of_the_data_themselves_is_the_plain_one() -> None:
    single, mean = icc_2_of(SHROUT_FLEISS, np.ones((1, 6)))
    values = intraclass(SHROUT_FLEISS)
    assert values is not None
    assert (single[0], mean[0]) == pytest.approx((values.icc_2_1, values.icc_2_k))


def test_a_weight_of_two_is_the_target_twice() -> None:
    doubled = np.vstack([SHROUT_FLEISS, SHROUT_FLEISS[:1]])
    single, _mean = icc_2_of(SHROUT_FLEISS, np.array([[2.0, 1, 1, 1, 1, 1]]))
    plain = intraclass(doubled)
    assert plain is not None
    assert single[0] == pytest.approx(plain.icc_2_1)


def test_ordinal_weights_of_three_categories() -> None:
    assert category_weights(3, "ordinal").tolist() == [
        [1, pytest.approx(2 / 3), 0],
        [pytest.approx(2 / 3), 1, pytest.approx(2 / 3)],
        [0, pytest.approx(2 / 3), 1],
    ]


def test_weighted_agreement_by_hand() -> None:
    # 0 against 1: two thirds; 2 against 2: one; 0 against 2: nothing.
    scores = np.array([[0, 1], [2, 2], [0, 2]], dtype=np.float64)
    assert percent_agreement(Table.of(scores, (0, 1, 2)), "ordinal") == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_nearly_equal_scores_show_the_paradox_that_both_coefficients_are_shown_for() -> None:
    scores = np.full((40, 2), 2.0)
    scores[0, 0], scores[1, 1] = 1, 1
    table = Table.of(scores, (0, 1, 2))
    alpha, ac2 = krippendorff_alpha(table, "ordinal"), gwet_ac(table, "ordinal")
    assert alpha is not None
    assert ac2 is not None
    assert alpha < 0.05
    assert ac2 > 0.95


@pytest.mark.parametrize(
    ("scores", "alpha", "ac2"),
    [
        (np.array([[0.0], [1], [2]]), None, None),
        (np.array([[2.0, _], [_, 1]]), None, None),
        (np.full((5, 3), 2.0), None, 1.0),
        (np.full((5, 3), _), None, None),
        (np.array([[0.0, 0], [1, 1], [2, 2]]), 1.0, 1.0),
    ],
    ids=["one rater", "no unit twice", "all equal", "nothing scored", "perfect"],
)
def test_what_cannot_be_computed_is_none(scores: np.ndarray, alpha: float | None, ac2: float | None) -> None:
    table = Table.of(scores, (0, 1, 2))
    assert krippendorff_alpha(table, "ordinal") == (alpha if alpha is None else pytest.approx(alpha))
    assert gwet_ac(table, "ordinal") == (ac2 if ac2 is None else pytest.approx(ac2))


@pytest.mark.parametrize(
    "scores",
    [np.array([[1.0], [2]]), np.array([[1.0, 2]]), np.full((4, 3), 1.0)],
    ids=["one rater", "one target", "all equal"],
)
def test_an_undefined_intraclass_correlation_is_none(scores: np.ndarray) -> None:
    assert intraclass(scores) is None


def test_intraclass_correlations_use_targets_that_every_rater_scored() -> None:
    assert complete_rows(np.array([[1.0, 2], [_, 2], [0, 0]])).tolist() == [True, False, True]
