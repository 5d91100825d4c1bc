"""What a strategy says while it works. The names are those of the server-sent events."""

from typing import ClassVar

from corpora import Frozen
from service.answers import Answer, PlannedStep, Step


class QuestionEvent(Frozen):
    """How a question in a conversation was understood; said first, and only there.

    Attributes:
        rewritten: What is answered in its place; ``None`` where it stands alone.
    """

    name: ClassVar[str] = "question"
    asked: str
    rewritten: str | None


class PlanEvent(Frozen):
    """The steps to come; said once, before the first of them."""

    name: ClassVar[str] = "plan"
    steps: tuple[PlannedStep, ...]


class StepEvent(Frozen):
    """A step is done, or failed."""

    name: ClassVar[str] = "step"
    step: Step


class TokenEvent(Frozen):
    """The next piece of the answer's text. All pieces joined are the text, and nothing else."""

    name: ClassVar[str] = "token"
    text: str


class AnswerEvent(Frozen):
    """The last event of an answer that was finished."""

    name: ClassVar[str] = "answer"
    answer: Answer


class ErrorEvent(Frozen):
    """The last event of an answer that was not: what was said before is no answer."""

    name: ClassVar[str] = "error"
    code: str
    ja: str
    en: str


Event = QuestionEvent | PlanEvent | StepEvent | TokenEvent | AnswerEvent | ErrorEvent
