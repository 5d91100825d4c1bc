"""What an endpoint adds to the audit entry of the request it handles.

A context variable, because what is asked and answered is known far below the endpoint and three interfaces
share it. Child tasks and threads see the same note. Outside a request (`jmedqa ask`) nothing is noted.
"""

import json
from contextvars import ContextVar
from dataclasses import dataclass, field

from service.answers import Answer
from service.questions import Question


@dataclass
class Note:
    """Filled while the request is handled.

    Attributes:
        asked: Texts of questions and queries, in order.
        code: Of the error that ended it.
    """

    asked: list[str] = field(default_factory=list)
    generation: str | None = None
    model: str | None = None
    prompt_version: str | None = None
    strategy: str | None = None
    outcome: str | None = None
    code: str | None = None


current: ContextVar[Note | None] = ContextVar("audit_note", default=None)


def note_question(question: Question) -> None:
    """A question is being answered."""
    note = current.get()
    if note is not None:
        choices = [[choice.label, choice.text] for choice in question.choices]
        note.asked.append(
            json.dumps([question.text, *choices], ensure_ascii=False) if choices else question.text
        )


def note_query(query: str, generation: str | None) -> None:
    """Passages were searched for."""
    note = current.get()
    if note is not None:
        note.asked.append(query)
        note.generation = generation
        note.outcome = "searched"


def note_upload(name: str, sha256: str, outcome: str) -> None:
    """A file was uploaded. Its name may name a patient, so it is kept as questions are."""
    note = current.get()
    if note is not None:
        note.asked = [name, f"sha256:{sha256}"]
        note.outcome = outcome


def note_answer(answer: Answer) -> None:
    """An answer was made."""
    note = current.get()
    if note is not None:
        made_from = answer.provenance
        note.generation, note.model = made_from.generation, made_from.model
        note.prompt_version, note.strategy = made_from.prompt_version, made_from.strategy
        note.outcome = "abstained" if answer.abstained else "answered"


def note_error(code: str) -> None:
    """It ended in this error."""
    note = current.get()
    if note is not None:
        note.code = code
