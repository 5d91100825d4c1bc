"""The judge beside people: agreement on the sample, then means corrected by it. Never the judge alone.

Answers of the sample are weighted by the inverse of their probability of being drawn (Horvitz and Thompson
1952). The corrected mean of a system is the judge's mean over all answers plus the people's mean difference
from the judge on the sample (the difference estimator of survey sampling; Angelopoulos et al. 2023,
doi:10.1126/science.adi6000, call it prediction-powered inference): right on average however biased the judge
is, and no more exact than the sample allows. Its interval is a t interval over the sample's cases.
"""

from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

import numpy as np
from scipy.stats import spearmanr
from scipy.stats import t as student

from benchmarks.rating.judge.judging import Judgement
from benchmarks.rating.judge.sampling import Drawn
from benchmarks.rating.statistics.agreement import (
    Table,
    category_weights,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
)
from benchmarks.rating.statistics.design import SCORES, Floats, Ratings
from corpora import Frozen
from service.errors import BadRequest


class Agreement(Frozen):
    """Of two scorers' pairs.

    Attributes:
        weighted: Share of agreement with Gwet's ordinal weights; of the judge weighted by 1/probability, too.
        alpha, ac2: Krippendorff's alpha and Gwet's AC2, ordinal; ``None`` where undefined.
    """

    pairs: int
    weighted: float | None
    alpha: float | None
    ac2: float | None


class SystemScore(Frozen):
    """One system: the judge's mean, the people's on the sample, and the judge's corrected by them.

    Attributes:
        judged, missing: Answers with and without a score of the judge.
        bias: People minus judge on the sample; interval over cases, ``None`` below two.
    """

    system: str
    judged: int
    missing: int
    judge_mean: float | None
    people_mean: float | None
    bias: float | None
    corrected: float | None
    low: float | None
    high: float | None


class JudgeReport(Frozen):
    """What `report` found; written as it is.

    Attributes:
        missing: Why scores are missing → how many.
        order_changes: Share of points that the order of asking changed.
        length_judge, length_people: Spearman's correlation of an answer's length with its score.
    """

    model: str
    answers: int
    sampled: int
    raters: tuple[str, ...]
    with_people: Agreement
    among_people: Agreement
    systems: tuple[SystemScore, ...]
    missing: dict[str, int]
    order_changes: float | None
    length_judge: float | None
    length_people: float | None


def report(
    model: str, judgements: Sequence[Judgement], sample: Sequence[Drawn], ratings: Ratings
) -> JudgeReport:
    """Put the judge beside people.

    Raises:
        BadRequest: If people have not scored the whole sample: then there is nothing to trust the judge by.
    """
    systems = sorted({one.system for one in judgements})
    people = _people(sample, systems, ratings)
    scores = {
        (one.case_id, one.question_id, one.system): one.score for one in judgements if one.score is not None
    }
    weight = {(one.case, one.question): 1 / one.probability for one in sample}
    pairs = [
        (float(scores[place]), given, weight[place[:2]], place)
        for place, all_given in people.items()
        if place in scores
        for given in all_given
    ]
    changed = [one.changed_by_order for one in judgements]
    points = sum(of for _, of in changed)
    missing: dict[str, int] = {}
    for one in judgements:
        if one.missing:
            missing[one.missing] = missing.get(one.missing, 0) + 1
    lengths = {(one.case_id, one.question_id, one.system): one.characters for one in judgements}
    return JudgeReport(
        model=model,
        answers=len(judgements),
        sampled=len(people),
        raters=ratings.raters,
        with_people=_with_judge(pairs),
        among_people=_among(people),
        systems=tuple(_system(name, judgements, scores, people, weight) for name in systems),
        missing=missing,
        order_changes=sum(one for one, _ in changed) / points if points else None,
        length_judge=_rank_correlation([(lengths[place], score) for place, score in scores.items()]),
        length_people=_rank_correlation(
            [(lengths[place], fmean(given)) for place, given in people.items() if place in lengths]
        ),
    )


Place = tuple[str, str, str]
"""Case, question, system."""


def _people(
    sample: Sequence[Drawn], systems: Sequence[str], ratings: Ratings
) -> dict[Place, tuple[float, ...]]:
    cases = {name: place for place, name in enumerate(ratings.cases)}
    questions = {name: place for place, name in enumerate(ratings.questions)}
    named = {system.label: place for place, system in enumerate(ratings.systems)}
    found: dict[Place, tuple[float, ...]] = {}
    lacking: list[str] = []
    for one in sample:
        for system in systems:
            given: Floats = np.array([])
            if one.case in cases and one.question in questions and system in named:
                row = ratings.scores[cases[one.case], named[system], questions[one.question]]
                given = row[~np.isnan(row)]
            if len(given):
                found[one.case, one.question, system] = tuple(float(score) for score in given)
            else:
                lacking.append(f"{one.case} {one.question} {system}")
    if lacking:
        shown = ", ".join(lacking[:3])
        raise BadRequest(
            f"標本のうち{len(lacking)}件に人の評価がありません({shown}など)。人との一致を示せないため、"
            "モデルによる評価は表示しません。sample.csv の全件を人が評価してください。",
            f"{len(lacking)} answers of the sample have no score by people ({shown} …). Without them nothing "
            "shows how far the judge can be trusted, so its scores stay hidden: rate all of sample.csv.",
        )
    return found


def _with_judge(pairs: Sequence[tuple[float, float, float, Place]]) -> Agreement:
    if not pairs:
        return Agreement(pairs=0, weighted=None, alpha=None, ac2=None)
    near = category_weights(len(SCORES), "ordinal")
    agree = [near[int(judge), int(given)] for judge, given, _, _ in pairs]
    weights = [weight for _, _, weight, _ in pairs]
    table = Table.of(np.array([[judge, given] for judge, given, _, _ in pairs]), SCORES)
    return Agreement(
        pairs=len(pairs),
        weighted=float(np.average(agree, weights=weights)),
        alpha=krippendorff_alpha(table, "ordinal"),
        ac2=gwet_ac(table, "ordinal"),
    )


def _among(people: dict[Place, tuple[float, ...]]) -> Agreement:
    pairs = [pair for given in people.values() for pair in combinations(given, 2)]
    if not pairs:
        return Agreement(pairs=0, weighted=None, alpha=None, ac2=None)
    table = Table.of(np.array(pairs), SCORES)
    return Agreement(
        pairs=len(pairs),
        weighted=percent_agreement(table, "ordinal"),
        alpha=krippendorff_alpha(table, "ordinal"),
        ac2=gwet_ac(table, "ordinal"),
    )


def _system(
    name: str,
    judgements: Sequence[Judgement],
    scores: dict[Place, int],
    people: dict[Place, tuple[float, ...]],
    weight: dict[tuple[str, str], float],
) -> SystemScore:
    own = [one for one in judgements if one.system == name]
    given = [score for place, score in scores.items() if place[2] == name]
    rated = {place: fmean(scored) for place, scored in people.items() if place[2] == name}
    both = {place: rated[place] - scores[place] for place in rated if place in scores}
    judge_mean = fmean(given) if given else None
    people_mean = _weighted([(rated[place], weight[place[:2]]) for place in rated])
    bias = _weighted([(both[place], weight[place[:2]]) for place in both])
    corrected = None if judge_mean is None or bias is None else judge_mean + bias
    half = _half_width(both, weight)
    return SystemScore(
        system=name,
        judged=len(given),
        missing=len(own) - len(given),
        judge_mean=judge_mean,
        people_mean=people_mean,
        bias=bias,
        corrected=corrected,
        low=None if corrected is None or half is None else corrected - half,
        high=None if corrected is None or half is None else corrected + half,
    )


def _half_width(both: dict[Place, float], weight: dict[tuple[str, str], float]) -> float | None:
    """Of the 95 % interval of the weighted mean difference; a case's answers vary together (linearised)."""
    cases = sorted({place[0] for place in both})
    mean = _weighted([(value, weight[place[:2]]) for place, value in both.items()])
    if len(cases) < 2 or mean is None:
        return None
    whole = sum(weight[place[:2]] for place in both)
    totals = [
        sum(weight[place[:2]] * (value - mean) for place, value in both.items() if place[0] == case)
        for case in cases
    ]
    variance = len(cases) / (len(cases) - 1) * sum(total**2 for total in totals) / whole**2
    return float(student.ppf(0.975, len(cases) - 1) * np.sqrt(variance))


def _weighted(values: Sequence[tuple[float, float]]) -> float | None:
    whole = sum(weight for _, weight in values)
    return float(sum(value * weight for value, weight in values) / whole) if whole else None


def _rank_correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < 3 or len({a for a, _ in pairs}) < 2 or len({b for _, b in pairs}) < 2:
        return None
    return float(spearmanr(*zip(*pairs, strict=True)).statistic)


def markdown(found: JudgeReport) -> str:
    """The report for readers: first how far the judge can be trusted, then what it says."""

    def number(value: float | None, places: int = 2) -> str:
        return "–" if value is None else f"{value:.{places}f}"

    def row(name: str, one: Agreement) -> str:
        shown = " | ".join(number(value) for value in (one.weighted, one.alpha, one.ac2))
        return f"| {name} | {one.pairs} | {shown} |"

    lines = [
        "# モデルによる評価と人の評価 / The judge beside people",
        "",
        f"judge: {found.model} · answers: {found.answers} · scored by people, too: {found.sampled} "
        f"({', '.join(found.raters)})",
        "",
        "| | pairs | weighted agreement | Krippendorff α | Gwet AC2 |",
        "|---|---|---|---|---|",
        row("judge – people", found.with_people),
        row("people – people", found.among_people),
        "",
        "Read the judge's agreement against the people's own. Weighted agreement of the judge counts each "
        "answer by the inverse of its probability of being drawn; α and AC2 are of the sample as it is.",
        "",
        "| system | judged | missing | judge | people (sample) | people − judge | corrected (95 %) |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in found.systems:
        interval = "" if one.low is None else f" ({number(one.low)} – {number(one.high)})"
        lines.append(
            f"| {one.system} | {one.judged} | {one.missing} | {number(one.judge_mean)} | "
            f"{number(one.people_mean)} | {number(one.bias)} | {number(one.corrected)}{interval} |"
        )
    missing = ", ".join(f"{name} {count}" for name, count in sorted(found.missing.items())) or "none"
    lines += [
        "",
        f"- Missing scores (never counted as a score): {missing}.",
        f"- Points whose verdict the order of asking changed: {number(found.order_changes, 3)}.",
        f"- Length of an answer against its score (Spearman): judge {number(found.length_judge)}, "
        f"people {number(found.length_people)}. A judge far above people favours long answers.",
        "- Where people − judge differs between systems the judge favours one: compare corrected means.",
        "",
    ]
    return "\n".join(lines)
