"""The relevance gate's threshold: `limits.min_score`, fitted to judged queries.

Half of the queries choose, the other half decide, as for the weights (`indexer.tuning`). The chosen threshold
has the highest F-beta (van Rijsbergen, Information Retrieval, 1979, chapter 7; beta 2 counts a lost relevant
passage as worse than a useless one that stays) among those that lose at most a stated share of the relevant
passages found. It is recommended only if the half that had no say finds it better beyond noise.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from corpora import Frozen
from indexer import Grades, sign_flip_p_value
from indexer.errors import InvalidQuery
from indexer.runs import Query, Unit
from service.retrieval import Found, Retriever

LEAST_QUERIES = 60
"""Judged queries below which nothing is fitted; 30 decide then, and fewer tell hardly any difference."""

NOISE = 0.05
"""The p-value from which on a difference counts as noise."""

ROWS = 20
"""Thresholds that the table shows; all are tried."""


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """What one query found.

    Attributes:
        hits: Score and relevance of each passage found, best first.
    """

    query_id: str
    hits: tuple[tuple[float, bool], ...]


class Row(Frozen):
    """What a threshold does; a passage stays where its score is at least ``min_score``.

    Attributes:
        kept: Passages that stay, of those found.
        precision: Share of them that is relevant; 0 where none stays.
        recall: Share of the relevant ones found that stays: 1 minus what the gate loses.
        f_beta: Of both.
        emptied: Queries that are left without any passage.
    """

    min_score: float
    kept: int
    precision: float
    recall: float
    f_beta: float
    emptied: int


class GateFit(Frozen):
    """A fitted threshold, what it does on either half, and whether it is worth setting.

    Attributes:
        k: Passages looked for by each query.
        queries: Judged ones that found a relevant passage and so had a say.
        lose_at_most: Bound on the share of relevant passages lost.
        chosen: On the half that chose.
        without, held_out: On the half that decided: no gate, and the chosen one.
        p_value: Of the queries' differences in F-beta there.
        adopted: Better beyond noise there, and within the bound there as well.
        table: Thresholds from none to the strictest, on the half that chose.
    """

    k: int
    queries: int
    beta: float
    lose_at_most: float
    chosen: Row
    without: Row
    held_out: Row
    p_value: float
    adopted: bool
    table: tuple[Row, ...]

    @property
    def settings_lines(self) -> tuple[str, ...]:
        """For the file of settings; a comment where no gate is better."""
        if not self.adopted:
            return ("# [limits]: no relevance gate; none is better than none on the queries held out",)
        return (
            "[limits]",
            f"k = {self.k}",
            'relevance = "score"',
            f"min_score = {self.chosen.min_score!r}",
        )


def judged_queries(
    retriever: Retriever, queries: Iterable[Query], grades: Grades, *, k: int, unit: Unit
) -> list[JudgedQuery]:
    """Search for each query that has a relevant unit among its judgements.

    Args:
        unit: What was judged; a passage of a relevant document counts as relevant.
    """
    judged = []
    for query in queries:
        known = grades.get(query.query_id, {})
        if not any(grade > 0 for grade in known.values()):
            continue
        hits = [(hit.score, known.get(_unit_id(hit, unit), 0) > 0) for hit in retriever.search(query.text, k)]
        judged.append(JudgedQuery(query.query_id, tuple(hits)))
    return judged


def _unit_id(hit: Found, unit: Unit) -> str:
    passage = hit.passage.passage
    return passage.passage_id if unit == "passage" else passage.doc_id


def fit_gate(
    judged: Sequence[JudgedQuery], *, k: int, beta: float = 2.0, lose_at_most: float = 0.1, seed: int = 0
) -> GateFit:
    """Choose on one half, decide on the other.

    Scores that are equal pass or fail together. Of thresholds that are equally good the lowest is chosen,
    so that a flat optimum keeps most.

    Raises:
        InvalidQuery: With fewer than `LEAST_QUERIES` queries that found anything relevant.
    """
    useful = [one for one in judged if any(relevant for _, relevant in one.hits)]
    if len(useful) < LEAST_QUERIES:
        raise InvalidQuery(
            f"too few to fit a gate: {len(judged)} queries have a relevant judgement, {len(useful)} of them "
            f"find one among their first {k} passages, and {LEAST_QUERIES} are needed; judge more queries, "
            "and check that --unit says what the judgements are of"
        )
    order = sorted(useful, key=lambda one: one.query_id)
    random.Random(seed).shuffle(order)  # noqa: S311
    choosing, deciding = order[: len(order) // 2], order[len(order) // 2 :]
    scores = sorted({score for one in choosing for score, _ in one.hits})
    rows = [row_at(choosing, score, beta) for score in scores]
    chosen = max(
        (row for row in rows if row.recall >= 1 - lose_at_most),
        key=lambda row: (round(row.f_beta, 12), -row.min_score),
    )
    without, held_out = (row_at(deciding, score, beta) for score in (-np.inf, chosen.min_score))
    gains = np.array([_f_of(one, chosen.min_score, beta) - _f_of(one, -np.inf, beta) for one in deciding])
    p_value = sign_flip_p_value(gains)
    better = fmean(gains.tolist()) > 0 and p_value < NOISE
    return GateFit(
        k=k,
        queries=len(useful),
        beta=beta,
        lose_at_most=lose_at_most,
        chosen=chosen,
        without=without.model_copy(update={"min_score": scores[0]}),
        held_out=held_out,
        p_value=p_value,
        adopted=better and held_out.recall >= 1 - lose_at_most,
        table=_spread(rows),
    )


def row_at(judged: Sequence[JudgedQuery], min_score: float, beta: float) -> Row:
    """Pooled over the queries."""
    kept = [[relevant for score, relevant in one.hits if score >= min_score] for one in judged]
    relevant = sum(found for one in judged for _, found in one.hits)
    stays, right = sum(map(len, kept)), sum(map(sum, kept))
    precision, recall = right / stays if stays else 0.0, right / relevant if relevant else 0.0
    return Row(
        min_score=min_score,
        kept=stays,
        precision=precision,
        recall=recall,
        f_beta=f_beta(precision, recall, beta),
        emptied=sum(not one for one in kept),
    )


def f_beta(precision: float, recall: float, beta: float) -> float:
    """0 where both are 0."""
    below = beta**2 * precision + recall
    return (1 + beta**2) * precision * recall / below if below else 0.0


def _f_of(one: JudgedQuery, min_score: float, beta: float) -> float:
    return row_at([one], min_score, beta).f_beta


def _spread(rows: Sequence[Row]) -> tuple[Row, ...]:
    places = np.unique(np.linspace(0, len(rows) - 1, num=min(ROWS, len(rows))).round().astype(int))
    return tuple(rows[place] for place in places.tolist())
