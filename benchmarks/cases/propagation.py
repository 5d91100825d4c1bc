"""How much of a question's score is lost to errors in the answers before it.

The same cases are run twice, with the run's own earlier answers handed over and with the key's. The
difference own − gold of a question's score, case by case, is its error-propagation score: negative where
earlier errors cost something, 0 for the first question, which is handed nothing.
"""

from collections.abc import Mapping
from statistics import fmean

from corpora import Frozen

Scores = Mapping[tuple[str, str], float]
"""(case, question) → score; raters' scores averaged first."""


class Propagation(Frozen):
    """One question: mean of own − gold over the cases that both runs scored."""

    question: str
    cases: int
    own: float
    gold: float
    score: float


def error_propagation(own: Scores, gold: Scores) -> tuple[Propagation, ...]:
    """Per question, in the order of their ids; a cell that one run lacks is left out of both.

    Raises:
        ValueError: If the runs share no case and question.
    """
    shared = sorted(own.keys() & gold.keys())
    if not shared:
        raise ValueError("the two runs share no scored case and question")
    questions = sorted({question for _, question in shared}, key=_number)
    return tuple(
        _of(question, [cell for cell in shared if cell[1] == question], own, gold) for question in questions
    )


def _of(question: str, cells: list[tuple[str, str]], own: Scores, gold: Scores) -> Propagation:
    return Propagation(
        question=question,
        cases=len(cells),
        own=fmean(own[cell] for cell in cells),
        gold=fmean(gold[cell] for cell in cells),
        score=fmean(own[cell] - gold[cell] for cell in cells),
    )


def _number(question: str) -> tuple[int, str]:
    digits = question.lstrip("Q")
    return (int(digits) if digits.isdigit() else 0, question)
