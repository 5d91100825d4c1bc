"""Agreement of a study's raters, on each question and on all, with intervals over cases."""

import numpy as np

from benchmarks.rating.analysis_results import Agreement, Marginals
from benchmarks.rating.statistics.agreement import (
    Table,
    alpha_of,
    gwet_ac,
    gwet_of,
    krippendorff_alpha,
    percent_agreement,
)
from benchmarks.rating.statistics.design import SCORES, Floats, Ratings
from benchmarks.rating.statistics.icc import complete_rows, icc_2_of, intraclass
from benchmarks.rating.statistics.intervals import Interval, coefficient_interval

_BATCH = 500
_BOUNDS = (-1.0, 1.0)


def agreement_rows(ratings: Ratings, seed: int) -> tuple[Agreement, ...]:
    """All questions together first, then each. A unit is one system's answer to one question of one case."""
    return tuple(
        _agreement(question, ratings.scores if question is None else ratings.scores[:, :, [index - 1]], seed)
        for index, question in enumerate((None, *ratings.questions))
    )


def marginals(scores: Floats) -> Marginals:
    """How often 0, 1 and 2 were given; zeros where nothing was."""
    counts = [int((scores == score).sum()) for score in SCORES]
    total = sum(counts)
    zero, one, two = (count / total if total else 0.0 for count in counts)
    return Marginals(scores=total, shares=(zero, one, two))


def _agreement(question: str | None, scores: Floats, seed: int) -> Agreement:
    cases, raters = scores.shape[0], scores.shape[-1]
    units = scores.reshape(-1, raters)
    case_of = np.repeat(np.arange(cases), units.shape[0] // cases)
    table = Table.of(units, SCORES, case_of)
    complete = complete_rows(units)
    targets = units[complete]
    icc = intraclass(targets)
    return Agreement(
        question=question,
        units=table.pairable,
        weighted_agreement=percent_agreement(table, "ordinal"),
        alpha=krippendorff_alpha(table, "ordinal"),
        alpha_interval=coefficient_interval(
            lambda weights: alpha_of(table, weights, "ordinal"), table.case_count, seed=seed, bounds=_BOUNDS
        ),
        ac2=gwet_ac(table, "ordinal"),
        ac2_interval=coefficient_interval(
            lambda weights: gwet_of(table, weights, "ordinal"), table.case_count, seed=seed, bounds=_BOUNDS
        ),
        icc_targets=len(targets),
        icc_2_1=icc.icc_2_1 if icc else None,
        icc_2_1_interval=_icc_interval(targets, case_of[complete], seed) if icc else None,
        icc_2_k=icc.icc_2_k if icc else None,
        marginals=marginals(scores),
    )


def _icc_interval(targets: Floats, case_of: np.ndarray, seed: int) -> Interval | None:
    names, place = np.unique(case_of, return_inverse=True)

    def single(weights: Floats) -> Floats:
        # In batches: a resample weighs every target, and overall there are thousands.
        return np.concatenate(
            [
                icc_2_of(targets, weights[start : start + _BATCH, place])[0]
                for start in range(0, len(weights), _BATCH)
            ]
        )

    return coefficient_interval(single, len(names), seed=seed, bounds=_BOUNDS)
