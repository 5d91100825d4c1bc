"""Tuning: a site's own weights of the fusion, from its own queries and judgements.

Half of the judged queries choose, the other half decide: weights that look best on the first half replace the
default only if the second half, which had no say, finds them better beyond noise. Weights that are equally
good on the first half give way to the ones nearest to the default, so a flat optimum changes nothing.

Queries with Japanese and queries without have weights of their own (``FusionSettings``) and are fitted apart.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corpora import Frozen
from indexer.bigrams import bigrams
from indexer.errors import InvalidQuery
from indexer.hits import ArmRanking
from indexer.hybrid import HybridIndex
from indexer.judging import Grades, ndcg, sign_flip_p_value
from indexer.querying import has_japanese
from indexer.runs import Query, Unit

LEAST_QUERIES = 60
"""Judged queries of one language below which nothing is fitted: 30 pairs tell hardly any difference."""

NOISE = 0.05
"""The p-value from which on a difference counts as noise."""

WORDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5)
"""Weights of both word fields together that are tried, beside the cosine's 1."""

LEMMAS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of that weight which the lemmas get; the bigrams get the rest."""

LATIN = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8)

Language = Literal["japanese", "latin"]
Weights = dict[str, float]
"""Fields of :class:`FusionSettings` by name."""


class Outcome(Frozen):
    """What came of one language's queries.

    Attributes:
        queries: Judged ones.
        held_out: Of these, the ones that decided.
        default, best: The weights in force, and those the first half chose.
        default_ndcg, best_ndcg: Mean nDCG@10 of both on the half that decided.
        p_value: Of their difference there; 1 where both are the same weights.
        adopted: Whether ``best`` is better beyond noise.
    """

    language: Language
    queries: int
    held_out: int
    default: Weights
    best: Weights
    default_ndcg: float
    best_ndcg: float
    p_value: float
    adopted: bool

    @property
    def weights(self) -> Weights:
        """Those to use."""
        return self.best if self.adopted else self.default


@dataclass(frozen=True, slots=True)
class _Judged:
    """A query with all that does not depend on the weights.

    Attributes:
        units: Of each passage that an arm found, in passage-id order: the id that was judged.
        shares: float64, (3, passages): what lemmas, bigrams and vectors give each, on the fusion's scales.
    """

    text: str
    units: Sequence[str]
    shares: NDArray[np.float64]
    grades: Mapping[str, int]

    def ndcg(self, weights: Sequence[float]) -> float:
        """Under the weights of lemmas, bigrams and vectors; equal scores in passage-id order."""
        order = np.argsort(-(np.array(weights) @ self.shares), kind="stable")
        return ndcg(dict.fromkeys(self.units[row] for row in order.tolist()), self.grades)


def tune(
    index: HybridIndex, queries: Sequence[Query], grades: Grades, unit: Unit = "document", *, seed: int = 0
) -> list[Outcome]:
    """Fit the fusion's weights to judged queries; each is searched once. The index is not changed.

    Args:
        queries: Those without a judgement of anything that the index holds are left out.
        unit: What was judged.

    Raises:
        InvalidQuery: If neither language has ``LEAST_QUERIES`` judged queries.
    """
    judged = _judged_queries(index, queries, grades, unit)
    outcomes = [
        _fit(index, group, language, seed)
        for language in ("japanese", "latin")
        if len(group := [one for one in judged if _language(one.text) == language]) >= LEAST_QUERIES
    ]
    if not outcomes:
        counts = f"{len(queries)} queries, {len(judged)} of them with a relevant {unit} in the index"
        raise InvalidQuery(
            f"too few to fit anything ({counts}): judge at least {LEAST_QUERIES} queries of one language, "
            "and check that --unit says what the judgements are of"
        )
    return outcomes


def _language(text: str) -> Language:
    return "japanese" if has_japanese(text) else "latin"


def _judged_queries(
    index: HybridIndex, queries: Sequence[Query], grades: Grades, unit: Unit
) -> list[_Judged]:
    unit_of = {
        passage_id: passage_id if unit == "passage" else index.document_of(passage_id)
        for passage_id in index.passages.ids
    }
    held = set(unit_of.values())
    judged = []
    for query in queries:
        known = {one: grade for one, grade in grades.get(query.query_id, {}).items() if one in held}
        if any(grade > 0 for grade in known.values()):
            depth = index.fusion.depth
            arms = index.search(query.text, k=depth).arms
            found = sorted({hit.passage_id for arm in arms for hit in arm.hits})
            bounds = (
                index.lexical.bound(index.analyzer.terms(query.text)),
                index.bigrams.bound(bigrams(query.text)),
                1.0,
            )
            shares = np.stack(
                [_shares(arm, found, depth, bound) for arm, bound in zip(arms, bounds, strict=True)]
            )
            judged.append(_Judged(query.text, [unit_of[one] for one in found], shares, known))
    return judged


def _shares(arm: ArmRanking, found: Sequence[str], depth: int, bound: float) -> NDArray[np.float64]:
    """As ``weighted_sum`` takes them: what a cut arm lacks scores as its last hit."""
    if bound <= 0:
        return np.zeros(len(found))
    floor = arm.hits[-1].score if len(arm.hits) >= depth else 0.0
    scores = {hit.passage_id: hit.score for hit in arm.hits}
    return np.array([scores.get(passage_id, floor) for passage_id in found]) / bound


def _fit(index: HybridIndex, judged: Sequence[_Judged], language: Language, seed: int) -> Outcome:
    names = ("lexical", "bigram") if language == "japanese" else ("latin",)
    default: Weights = {name: getattr(index.fusion, name) for name in names}
    order = sorted(judged, key=lambda one: one.text)
    random.Random(seed).shuffle(order)  # noqa: S311
    choosing, deciding = order[: len(order) // 2], order[len(order) // 2 :]

    def scores(weights: Weights, among: Sequence[_Judged]) -> list[float]:
        words = [weights[name] for name in names]
        per_field = words if language == "japanese" else [words[0] / 2, words[0] / 2]
        return [one.ndcg([*per_field, 1.0]) for one in among]

    def merit(weights: Weights) -> tuple[float, float]:
        distance = sum(abs(weights[name] - default[name]) for name in names)
        return round(fmean(scores(weights, choosing)), 9), -distance

    best = max([default, *_candidates(language)], key=merit)
    before, after = np.array(scores(default, deciding)), np.array(scores(best, deciding))
    p_value = sign_flip_p_value(after - before) if best != default else 1.0
    return Outcome(
        language=language,
        queries=len(judged),
        held_out=len(deciding),
        default=default,
        best=best,
        default_ndcg=float(before.mean()),
        best_ndcg=float(after.mean()),
        p_value=p_value,
        adopted=bool(after.mean() > before.mean()) and p_value < NOISE,
    )


def _candidates(language: Language) -> Iterator[Weights]:
    if language == "latin":
        yield from ({"latin": weight} for weight in LATIN)
        return
    for words, lemmas in product(WORDS, LEMMAS):
        yield {"lexical": round(words * lemmas, 3), "bigram": round(words * (1 - lemmas), 3)}


def toml_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """The lines to paste into the configuration of the index; a comment where every default stays."""
    adopted = {name: value for one in outcomes if one.adopted for name, value in one.best.items()}
    if not adopted:
        return ["# [index.fusion]: the weights in force stay"]
    return ["[index.fusion]", *(f"{name} = {value:g}" for name, value in adopted.items())]
