"""Analyse a file of ratings: compare the systems, with the case as the unit, and judge the raters.

Questions named confirmatory beforehand are one family (Holm), all other questions another (Benjamini and
Hochberg), the means over all questions a third (Holm).
"""

from importlib.metadata import version

import numpy as np

from benchmarks.rating.analysis_agreement import agreement_rows, marginals
from benchmarks.rating.analysis_checks import Note
from benchmarks.rating.analysis_input import RatingsFile
from benchmarks.rating.analysis_results import (
    Analysis,
    AnalysisSettings,
    CaseMean,
    Comparison,
    Family,
    Input,
    MeanScore,
    RaterMarginals,
)
from benchmarks.rating.analysis_words import weak_points
from benchmarks.rating.statistics.design import (
    Floats,
    Ratings,
    case_means,
    mean_of_known,
    pair_differences,
    question_means,
)
from benchmarks.rating.statistics.intervals import mean_intervals
from benchmarks.rating.statistics.omnibus import Omnibus, omnibus
from benchmarks.rating.statistics.ordinal_model import fit_ratings
from benchmarks.rating.statistics.pairwise import benjamini_hochberg, holm, sign_flip_p, smallest_p
from benchmarks.rating.statistics.raters import drifts, intra_rater, severities

SIGNIFICANT = 0.05

_SCALE = (0.0, 2.0)


def analyze(file: RatingsFile, settings: AnalysisSettings) -> Analysis:
    """Compute everything the report shows; the same file and settings give the same result."""
    ratings = file.ratings
    by_question = question_means(ratings.scores)
    means, kept = case_means(by_question)
    notes = [*file.notes, *_missing_confirmatory(ratings, settings)]
    if len(kept) < len(ratings.cases):
        dropped = ", ".join(name for index, name in enumerate(ratings.cases) if index not in kept)
        notes.append(
            Note(
                f"全系に共通の質問がないため、全体の検定から除いた症例: {dropped}。",
                f"Left out of the omnibus test, for no question is common to all systems: {dropped}.",
            )
        )
    comparisons = _comparisons(ratings, by_question, settings)
    analysis = Analysis(
        input=Input(sha256=file.sha256, rows=file.rows, encoding=file.encoding),
        settings=settings,
        versions={name: version(name) for name in ("numpy", "scipy")},
        notes=tuple(notes),
        cases=ratings.cases,
        systems=ratings.systems,
        questions=ratings.questions,
        raters=ratings.raters,
        smallest_p=smallest_p(len(ratings.cases), settings.permutations),
        omnibus=_omnibus(means, settings),
        means=_means(ratings, by_question, settings.seed),
        case_means=_case_means(ratings, by_question),
        retrieval_pairs=tuple(
            (ratings.systems[a].label, ratings.systems[b].label) for a, b in ratings.retrieval_pairs()
        ),
        comparisons=comparisons,
        agreement=agreement_rows(ratings, settings.seed),
        rater_marginals=tuple(
            RaterMarginals(rater=rater, marginals=marginals(ratings.scores[..., index]))
            for index, rater in enumerate(ratings.raters)
        ),
        severities=tuple(severities(ratings)),
        drifts=tuple(drifts(ratings)),
        intra_rater=tuple(intra_rater(ratings)),
        ordinal_fit=fit_ratings(ratings) if settings.ordinal_model else None,
        weak_points=(),
    )
    return analysis.model_copy(update={"weak_points": tuple(weak_points(analysis))})


def _missing_confirmatory(ratings: Ratings, settings: AnalysisSettings) -> list[Note]:
    missing = [name for name in settings.confirmatory if name not in ratings.questions]
    if not missing:
        return []
    names = ", ".join(missing)
    return [
        Note(
            f"検証的な質問のうち評点のないもの: {names}。", f"Confirmatory questions without scores: {names}."
        )
    ]


def _omnibus(means: Floats, settings: AnalysisSettings) -> Omnibus | None:
    if min(means.shape) < 2:
        return None
    return omnibus(means, permutations=settings.permutations, seed=settings.seed)


def _means(ratings: Ratings, by_question: Floats, seed: int) -> tuple[MeanScore, ...]:
    """Every system on every question, and first on all questions."""
    cases = len(ratings.cases)
    overall = np.stack(
        [mean_of_known(by_question[:, index], axis=-1) for index in range(len(ratings.systems))], axis=1
    )
    table = np.concatenate([overall[:, :, None], by_question], axis=2)
    intervals = mean_intervals(table.reshape(cases, -1), seed=seed, bounds=_SCALE)
    result = []
    for s, system in enumerate(ratings.systems):
        for q, question in enumerate((None, *ratings.questions)):
            values = table[:, s, q]
            scores = ratings.scores[:, s] if question is None else ratings.scores[:, s, q - 1]
            known = int((~np.isnan(values)).sum())
            result.append(
                MeanScore(
                    system=system.label,
                    question=question,
                    cases=known,
                    mean=float(np.nanmean(values)) if known else None,
                    interval=intervals[s * table.shape[2] + q],
                    marginals=marginals(scores) if known else None,
                )
            )
    return tuple(result)


def _case_means(ratings: Ratings, by_question: Floats) -> tuple[CaseMean, ...]:
    return tuple(
        CaseMean(case=case, system=system.label, mean=float(mean))
        for s, system in enumerate(ratings.systems)
        for case, mean in zip(ratings.cases, mean_of_known(by_question[:, s], axis=-1), strict=True)
        if not np.isnan(mean)
    )


def _comparisons(ratings: Ratings, by_question: Floats, settings: AnalysisSettings) -> tuple[Comparison, ...]:
    pairs = ratings.pairs() if settings.pairs == "all" else ratings.retrieval_pairs()
    if not pairs or len(ratings.cases) < 2:
        return ()
    # Second minus first: for a retrieval pair, what retrieval adds.
    columns = [
        column
        for a, b in pairs
        for overall, each in [pair_differences(by_question, b, a)]
        for column in (overall, *each.T)
    ]
    table = np.stack(columns, axis=1)
    p_values = sign_flip_p(table, permutations=settings.permutations, seed=settings.seed)
    intervals = mean_intervals(table, seed=settings.seed, bounds=(-2.0, 2.0))
    families = [_family(question, settings) for question in (None, *ratings.questions)] * len(pairs)
    adjusted = _adjusted(p_values, families)
    result = []
    width = 1 + len(ratings.questions)
    for place, (a, b) in enumerate(pairs):
        for q, question in enumerate((None, *ratings.questions)):
            at = place * width + q
            known = int((~np.isnan(table[:, at])).sum())
            q_value = adjusted[at]
            result.append(
                Comparison(
                    first=ratings.systems[a].label,
                    second=ratings.systems[b].label,
                    question=question,
                    family=families[at],
                    cases=known,
                    difference=float(np.nanmean(table[:, at])) if known else None,
                    interval=intervals[at],
                    p=float(p_values[at]) if known else None,
                    adjusted_p=q_value,
                    shown=q_value is not None and q_value <= SIGNIFICANT,
                )
            )
    return tuple(result)


def _family(question: str | None, settings: AnalysisSettings) -> Family:
    if question is None:
        return "overall"
    return "confirmatory" if question in settings.confirmatory else "other"


def _adjusted(p_values: Floats, families: list[Family]) -> list[float | None]:
    adjusted: list[float | None] = [None] * len(p_values)
    for family in ("overall", "confirmatory", "other"):
        members = [
            index for index, name in enumerate(families) if name == family and not np.isnan(p_values[index])
        ]
        raw = [float(p_values[index]) for index in members]
        for index, value in zip(
            members, benjamini_hochberg(raw) if family == "other" else holm(raw), strict=True
        ):
            adjusted[index] = value
    return adjusted
