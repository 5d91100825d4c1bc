"""What is asked: a stem and, for multiple choice, its labelled choices."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from corpora import Frozen, clean

Language = Literal["ja", "en"]

MAX_QUESTION_CHARS = 20_000
"""Long clinical vignettes have about 2,000 characters; this leaves room for a pasted case."""
MAX_QUERY_CHARS = 2_000
MAX_CHOICE_CHARS = 2_000
MAX_CHOICES = 26
MAX_LABEL_CHARS = 8

_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff々〆ｦ-ﾟ]")


def _cleaned(text: str, limit: int, what: str) -> str:
    if len(text) > limit:  # before any other work on it
        raise PydanticCustomError(
            "too_large", "{what} is longer than {limit} characters", {"what": what, "limit": limit}
        )
    try:
        text = clean(text).strip()
    except ValueError:  # its message quotes the text's position; the user needs the reason only
        raise PydanticCustomError(
            "lone_surrogate", "{what} holds half of a surrogate pair, which is no character", {"what": what}
        ) from None
    if not text:
        raise PydanticCustomError("empty_text", "{what} is empty", {"what": what})
    return text


class Choice(Frozen):
    """One alternative of a multiple-choice question; ``label`` is what an answer names."""

    label: str
    text: str

    @field_validator("label")
    @classmethod
    def _label(cls, label: str) -> str:
        label = _cleaned(label, MAX_LABEL_CHARS, "a choice's label")
        if not label.isalnum():
            raise PydanticCustomError("bad_label", "a choice's label may hold letters and digits only")
        return label

    @field_validator("text")
    @classmethod
    def _text(cls, text: str) -> str:
        return _cleaned(text, MAX_CHOICE_CHARS, "a choice")


def _question(text: str) -> str:
    return _cleaned(text, MAX_QUESTION_CHARS, "the question")


def _choices(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    if len(choices) == 1:
        raise PydanticCustomError("one_choice", "one choice is no choice: give none, or at least two")
    if len({choice.label for choice in choices}) < len(choices):
        raise PydanticCustomError("same_label", "two choices have the same label")
    return choices


def _query(text: str) -> str:
    return _cleaned(text, MAX_QUERY_CHARS, "the query")


QueryText = Annotated[str, AfterValidator(_query)]
"""What is searched for; cleaned like a question."""
QuestionText = Annotated[str, AfterValidator(_question)]
"""Cleaned, neither empty nor longer than the limit."""
Choices = Annotated[tuple[Choice, ...], Field(max_length=MAX_CHOICES), AfterValidator(_choices)]
"""None, or 2 to 26 with distinct labels, in the order asked."""


class Question(Frozen):
    """A question as it is answered: cleaned, never empty; ``choices`` are empty for an open one."""

    text: QuestionText
    choices: Choices = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The choices' labels, in the order asked."""
        return tuple(choice.label for choice in self.choices)

    @property
    def language(self) -> Language:
        """``ja`` if any character of the stem is Japanese, else ``en``: answers come back in it."""
        return "ja" if _JAPANESE.search(self.text) else "en"
