"""What is right about a case. Lives apart from the case, so that whatever answers cannot read it."""

from typing import Literal, Self

from pydantic import Field, model_validator

from corpora import Frozen
from service.cases.cases import ID_PATTERN, Status

Difficulty = Literal["easy", "moderate", "hard"]


class KeyPoint(Frozen):
    """Something a good answer says. Weight 3: the answer is wrong without it; 1: it rounds it off."""

    text: str = Field(min_length=1)
    weight: int = Field(ge=1, le=3)


class QuestionKey(Frozen):
    """One question of one case. ``dangerous`` are answers that could harm this patient."""

    key_points: tuple[KeyPoint, ...] = Field(min_length=1)
    dangerous: tuple[str, ...] = ()


class Change(Frozen):
    """One change of a second reading: where, what was changed and why."""

    field: str
    change: str
    reason: str


class Reading(Frozen):
    """A reading of the finished case by a second pass.

    Attributes:
        reader: Who read, and with which competence.
        changes: What came of it; empty says that nothing had to be changed.
    """

    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    reader: str = Field(min_length=1)
    changes: tuple[Change, ...] = ()


class CaseKey(Frozen):
    """The key of one case.

    Attributes:
        gold_diagnosis: The diagnosis the case was written for.
        synonyms: Other names and abbreviations of it; none may be named before the last stage.
        accepted_differentials: Diagnoses that a careful reader of the first stage would list, too.
        later_terms: Stage name → words that no earlier stage may name (a finding, a drug of the course).
        features: What the case tests beside the diagnosis: ``comorbidity``, ``red_herring``, ``benign`` …
        oracle_documents: Documents of the starter corpus that bear on the case, for the oracle arm. They
            stand here and not in the case: their names would tell the diagnosis.
        questions: Question id → key; empty for a converted case that has a gold diagnosis only.
        review: Second readings, the oldest first.
    """

    case_id: str = Field(pattern=ID_PATTERN)
    status: Status
    source: str | None = None
    gold_diagnosis: str = Field(min_length=1)
    synonyms: tuple[str, ...] = ()
    accepted_differentials: tuple[str, ...] = ()
    difficulty: Difficulty | None = None
    features: tuple[str, ...] = ()
    later_terms: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    oracle_documents: tuple[str, ...] = ()
    questions: dict[str, QuestionKey] = Field(default_factory=dict)
    review: tuple[Reading, ...] = ()

    @model_validator(mode="after")
    def _gold_is_no_synonym_of_itself(self) -> Self:
        if self.gold_diagnosis in self.synonyms:
            raise ValueError("the gold diagnosis is listed among its synonyms")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The diagnosis and its synonyms."""
        return (self.gold_diagnosis, *self.synonyms)
