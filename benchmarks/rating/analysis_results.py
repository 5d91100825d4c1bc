"""What an analysis of ratings holds. It is written as JSON, and the report shows nothing else."""

from typing import Literal

from pydantic import Field

from benchmarks.rating.analysis_checks import Note
from benchmarks.rating.statistics.design import System
from benchmarks.rating.statistics.intervals import Interval
from benchmarks.rating.statistics.omnibus import Omnibus
from benchmarks.rating.statistics.ordinal_model import OrdinalFit
from benchmarks.rating.statistics.raters import Drift, IntraRater, Severity
from corpora import Frozen

Family = Literal["overall", "confirmatory", "other"]
Pairs = Literal["all", "retrieval"]


class AnalysisSettings(Frozen):
    """What is decided before the ratings are seen.

    Attributes:
        confirmatory: Questions whose comparisons are confirmed (Holm); the others explore (BH).
        permutations: Random permutations, and random sign flips above 16 cases.
        pairs: Which systems are compared: all with each other, or each model without and with retrieval.
    """

    confirmatory: tuple[str, ...] = ("Q2", "Q7")
    permutations: int = Field(default=20_000, ge=10_000, le=10_000_000)
    seed: int = Field(default=20_261_123, ge=0, lt=2**32)
    pairs: Pairs = "all"
    ordinal_model: bool = False


class Marginals(Frozen):
    """Shares of the scores 0, 1 and 2, and how many scores there were."""

    scores: int
    shares: tuple[float, float, float]


class MeanScore(Frozen):
    """One system on one question, or on all (``question`` is ``None``): mean over cases, 0–2."""

    system: str
    question: str | None
    cases: int
    mean: float | None
    interval: Interval | None
    marginals: Marginals | None


class CaseMean(Frozen):
    """One system on one case: mean over raters, then questions."""

    case: str
    system: str
    mean: float


class Comparison(Frozen):
    """Two systems on the cases (and questions) that both have; ``difference`` is second minus first.

    ``adjusted_p`` counts all tests of the family (Holm for "overall" and "confirmatory", else BH);
    ``shown`` says that it is at most 0.05.
    """

    first: str
    second: str
    question: str | None
    family: Family
    cases: int
    difference: float | None
    interval: Interval | None
    p: float | None
    adjusted_p: float | None
    shown: bool


class Agreement(Frozen):
    """How far raters agree on one question, or on all (``question`` is ``None``).

    Coefficients are ordinal. ``units`` have at least two scores; ICC rests on the ``icc_targets`` that every
    rater scored. ``None`` where undefined.
    """

    question: str | None
    units: int
    weighted_agreement: float | None
    alpha: float | None
    alpha_interval: Interval | None
    ac2: float | None
    ac2_interval: Interval | None
    icc_targets: int
    icc_2_1: float | None
    icc_2_1_interval: Interval | None
    icc_2_k: float | None
    marginals: Marginals


class RaterMarginals(Frozen):
    """How one rater used the scale."""

    rater: str
    marginals: Marginals


class Input(Frozen):
    """The file that was analysed."""

    sha256: str
    rows: int
    encoding: str


class Analysis(Frozen):
    """Everything that was computed, in the order of the report."""

    input: Input
    settings: AnalysisSettings
    versions: dict[str, str]
    notes: tuple[Note, ...]
    cases: tuple[str, ...]
    systems: tuple[System, ...]
    questions: tuple[str, ...]
    raters: tuple[str, ...]
    smallest_p: float
    """The smallest p a comparison can have with this many cases, before adjusting."""
    omnibus: Omnibus | None
    means: tuple[MeanScore, ...]
    case_means: tuple[CaseMean, ...]
    retrieval_pairs: tuple[tuple[str, str], ...]
    comparisons: tuple[Comparison, ...]
    agreement: tuple[Agreement, ...]
    rater_marginals: tuple[RaterMarginals, ...]
    severities: tuple[Severity, ...]
    drifts: tuple[Drift, ...]
    intra_rater: tuple[IntraRater, ...]
    ordinal_fit: OrdinalFit | None
    weak_points: tuple[Note, ...]
