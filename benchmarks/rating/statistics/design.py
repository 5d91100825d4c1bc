"""What was rated: one study's scores as an array, and the means over it that every test starts from.

The case is the unit. Scores of one system on one case go together (a wrong diagnosis spoils the treatment
plan), so cells of a case are no independent observations: tests and intervals see one number for each case.
"""

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SCORES = (0, 1, 2)
"""誤り, 妥当ではあるが最適ではない, 正しい."""


@dataclass(frozen=True)
class System:
    """One thing that was rated: a model, and the retrieval arm it ran in ("" = without retrieval)."""

    label: str
    model: str
    arm: str


class Repeat(NamedTuple):
    """A cell that a rater scored twice without knowing; indexes into the study's axes."""

    case: int
    system: int
    question: int
    rater: int
    first: int
    second: int


@dataclass(frozen=True, eq=False)
class Ratings:
    """All first scores of a study.

    Attributes:
        scores: float64, (cases, systems, questions, raters); NaN = not rated.
        order: Same shape, each rater's position of that score counted in any increasing numbers; NaN = not
            rated; ``None`` where the file has no order.
        repeats: Hidden second scores; they enter intra-rater agreement and nothing else.
    """

    cases: tuple[str, ...]
    systems: tuple[System, ...]
    questions: tuple[str, ...]
    raters: tuple[str, ...]
    scores: Floats
    order: Floats | None = None
    repeats: tuple[Repeat, ...] = ()

    def pairs(self) -> list[tuple[int, int]]:
        """Every two systems, as indexes ``(a, b)`` with ``a < b``."""
        count = len(self.systems)
        return [(a, b) for a in range(count) for b in range(a + 1, count)]

    def retrieval_pairs(self) -> list[tuple[int, int]]:
        """The same model without and with retrieval: ``(without, with)``, in the systems' order."""
        bare = {system.model: index for index, system in enumerate(self.systems) if not system.arm}
        return [
            (bare[system.model], index)
            for index, system in enumerate(self.systems)
            if system.arm and system.model in bare
        ]


def question_means(scores: Floats) -> Floats:
    """Average over raters: (cases, systems, questions); NaN where nobody rated."""
    return mean_of_known(scores, axis=-1)


def case_means(by_question: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Average over questions, each weighing the same.

    A case counts only the questions for which every system has a score there, so that no system is
    measured on easier questions than another.

    Args:
        by_question: (cases, systems, questions), from `question_means`.

    Returns:
        Float64, (kept cases, systems) without NaN, and the indexes of the kept cases: those where at least
        one question is common to all systems.
    """
    common = ~np.isnan(by_question).any(axis=1, keepdims=True)
    means = mean_of_known(np.where(common, by_question, np.nan), axis=-1)
    kept = np.flatnonzero(~np.isnan(means).any(axis=1))
    return means[kept], kept


def pair_differences(by_question: Floats, a: int, b: int) -> tuple[Floats, Floats]:
    """Score of ``a`` minus score of ``b`` on the same case and question.

    Returns:
        (cases,) averaged over the questions that both have, and (cases, questions); NaN = not both rated.
    """
    each: Floats = by_question[:, a] - by_question[:, b]
    return mean_of_known(each, axis=-1), each


def mean_of_known(values: Floats, axis: int) -> Floats:
    """Mean over the values that are not NaN; NaN where there is none, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        result: Floats = np.nanmean(values, axis=axis)
    return result
