"""Which question is asked at which stage: data, so that another specialty can bring another protocol."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from corpora import Frozen
from service.cases.cases import ID_PATTERN
from service.cases.loading import load

NINE_QUESTIONS = Path(__file__).resolve().parents[2] / "configs/protocols/nine_questions.toml"

FormName = Literal[
    "problems",
    "differential",
    "examinations",
    "tests",
    "interpretation",
    "diagnosis",
    "treatment",
    "monitoring",
    "contingency",
]
"""The structured forms of `service.cases.forms`."""


class ProtocolQuestion(Frozen):
    """One question, the same for every case.

    Attributes:
        question_id: ``Q1`` …; keys, ratings and reports name it.
        form: The structured form its answer is also asked for; ``None`` for free text alone.
        search_words: What the question looks for, in the corpus's words; they end its query.
    """

    question_id: str = Field(pattern=r"^Q[1-9][0-9]?$")
    ja: str = Field(min_length=1)
    en: str = Field(min_length=1)
    form: FormName | None = None
    search_words: str = ""


class ProtocolStage(Frozen):
    """A stage of the case, the agent that answers there, and what it is asked, in this order."""

    name: str = Field(pattern=ID_PATTERN)
    shows_ja: str
    agent: str
    agent_ja: str
    questions: tuple[ProtocolQuestion, ...] = Field(min_length=1)


class Protocol(Frozen):
    """Stages in order. ``source`` names the publication the questions come from."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str
    source: str
    stages: tuple[ProtocolStage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_distinct(self) -> Self:
        if len({stage.name for stage in self.stages}) < len(self.stages):
            raise ValueError("two stages have the same name")
        if len(set(self.question_ids)) < len(self.question_ids):
            raise ValueError("two questions have the same id")
        return self

    @property
    def question_ids(self) -> tuple[str, ...]:
        """Of all stages, in order."""
        return tuple(question.question_id for stage in self.stages for question in stage.questions)


def load_protocol(file: Path = NINE_QUESTIONS) -> Protocol:
    """Read a protocol.

    Raises:
        BadCase: If the file cannot be read or does not fit.
    """
    return load(Protocol, file)
