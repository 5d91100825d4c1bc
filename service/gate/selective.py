"""When to give no answer: the threshold of confidence, fitted to labelled questions.

Selective prediction (El-Yaniv and Wiener, JMLR 11, 2010): coverage is the share of questions answered, risk
the share of those answers that are wrong. AURC is the mean risk over the coverages (Geifman, Uziel, El-Yaniv,
ICLR 2019, arXiv:1805.08206). A point holds all questions of one confidence, so that ties are never split.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from corpora import Frozen
from indexer.errors import InvalidQuery

LEAST_QUESTIONS = 30
NOISE = 0.05
SHUFFLES = 500


class Outcome(NamedTuple):
    """One question that was answered: how sure, and whether answering was wrong."""

    question_id: str
    confidence: float
    wrong: bool


class Point(Frozen):
    """Answering from ``min_confidence`` up: the share of questions, and of wrong ones among these."""

    min_confidence: float
    coverage: float
    risk: float


class AbstentionFit(Frozen):
    """A threshold chosen on half of the questions, and what it does on the other.

    Attributes:
        aurc: Of the half that decided.
        chance: Its mean there over confidences that are shuffled.
        p_value: Share of the shuffles with an AURC as low.
        without, held_out: On that half, answering all, and from ``min_confidence`` up.
        adopted: Confidence tells right from wrong beyond noise, and the risk held out falls.
        curve: Of all questions.
    """

    questions: int
    target: float
    min_confidence: float
    aurc: float
    chance: float
    p_value: float
    without: Point
    held_out: Point
    adopted: bool
    curve: tuple[Point, ...]

    @property
    def settings_lines(self) -> tuple[str, ...]:
        """For the file of settings."""
        if not self.adopted:
            return ("# [abstention]: no threshold is better than none on the questions held out",)
        return ("[abstention]", f"min_confidence = {self.min_confidence!r}")


def risk_coverage(outcomes: Sequence[Outcome]) -> list[Point]:
    """From the surest questions to all of them."""
    points = []
    for threshold in sorted({one.confidence for one in outcomes}, reverse=True):
        points.append(at(outcomes, threshold))
    return points


def at(outcomes: Sequence[Outcome], threshold: float) -> Point:
    """Risk is 0 where nothing is answered."""
    answered = [one.wrong for one in outcomes if one.confidence >= threshold]
    return Point(
        min_confidence=threshold,
        coverage=len(answered) / len(outcomes),
        risk=sum(answered) / len(answered) if answered else 0.0,
    )


def aurc(outcomes: Sequence[Outcome]) -> float:
    """Mean risk over the coverages, each point weighted by the questions that it adds."""
    area, before = 0.0, 0.0
    for point in risk_coverage(outcomes):
        area += (point.coverage - before) * point.risk
        before = point.coverage
    return area


def fit_abstention(outcomes: Sequence[Outcome], *, target: float = 0.1, seed: int = 0) -> AbstentionFit:
    """The threshold that answers most with a risk of at most ``target``, or else the least risk.

    Raises:
        InvalidQuery: With fewer than `LEAST_QUESTIONS` questions answered.
    """
    if len(outcomes) < LEAST_QUESTIONS:
        raise InvalidQuery(
            f"too few to fit abstention: {len(outcomes)} questions are answered, {LEAST_QUESTIONS} are needed"
        )
    order = sorted(outcomes, key=lambda one: one.question_id)
    draw = random.Random(seed)  # noqa: S311
    draw.shuffle(order)
    choosing, deciding = order[: len(order) // 2], order[len(order) // 2 :]
    chosen = min(
        risk_coverage(choosing),
        key=lambda point: (max(0.0, point.risk - target), -point.coverage),
    )
    area = aurc(deciding)
    shuffled = []
    for _ in range(SHUFFLES):
        confidences = draw.sample([one.confidence for one in deciding], len(deciding))
        mixed = [one._replace(confidence=level) for one, level in zip(deciding, confidences, strict=True)]
        shuffled.append(aurc(mixed))
    p_value = (1 + sum(other <= area + 1e-12 for other in shuffled)) / (SHUFFLES + 1)
    held_out, without = at(deciding, chosen.min_confidence), at(deciding, 0.0)
    return AbstentionFit(
        questions=len(outcomes),
        target=target,
        min_confidence=chosen.min_confidence,
        aurc=area,
        chance=sum(shuffled) / SHUFFLES,
        p_value=p_value,
        without=without,
        held_out=held_out,
        adopted=p_value < NOISE and held_out.coverage > 0 and held_out.risk < without.risk,
        curve=tuple(risk_coverage(outcomes)),
    )
