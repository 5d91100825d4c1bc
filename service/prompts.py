"""What a generator is asked, as typed values, and how it reads as chat messages.

A generator takes the prompt object itself: one that drives a model renders ``messages()``, one that
needs no model reads the fields. The wording is in `service.wording`.

Within one question every prompt begins with the messages of the one before it: rules, question,
earlier steps with their evidence and conclusions, and only then what is new. A model server that
caches prefixes reads the shared part once.
"""

import re
from typing import Any, Literal, TypedDict

from corpora import Frozen
from service.answers import Evidence, Step
from service.questions import Language, Question
from service.wording import WORDING, Wording

PROMPT_VERSION = "1"
"""Raised with every change of wording or order, so that runs with different prompts are told apart."""


class Message(TypedDict):
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


JsonSchema = dict[str, Any]

_FENCE = re.compile(r"<(\s*/?\s*evidence)", re.I)


class _Asked(Frozen):
    question: Question

    @property
    def language(self) -> Language:
        return self.question.language

    @property
    def _words(self) -> Wording:
        return WORDING[self.language]

    def _opening(self) -> str:
        words, question = self._words, self.question
        text = f"# {words.question}\n{question.text}"
        if question.choices:
            lines = "\n".join(f"{choice.label}. {choice.text}" for choice in question.choices)
            text += f"\n\n# {words.choices}\n{lines}"
        return text


class PlanPrompt(_Asked):
    """Ask which steps to take: at most ``max_steps`` sub-questions with a query each."""

    max_steps: int

    def messages(self) -> list[Message]:
        """The conversation up to the reply."""
        task = self._words.plan_task.format(max_steps=self.max_steps)
        return [
            {"role": "system", "content": self._words.grounded_rules},
            {"role": "user", "content": f"{self._opening()}\n\n{task}"},
        ]

    def reply_schema(self) -> JsonSchema:
        """The JSON the reply must be."""
        text = {"type": "string", "minLength": 1, "maxLength": 300}
        step = {
            "type": "object",
            "properties": {"sub_question": text, "query": text},
            "required": ["sub_question", "query"],
            "additionalProperties": False,
        }
        return {
            "type": "object",
            "properties": {
                "steps": {"type": "array", "items": step, "minItems": 1, "maxItems": self.max_steps}
            },
            "required": ["steps"],
            "additionalProperties": False,
        }


class StepPrompt(_Asked):
    """Ask for the conclusion of one step, which has its evidence but no conclusion yet."""

    earlier: tuple[Step, ...]
    step: Step

    def messages(self) -> list[Message]:
        """The conversation up to the reply."""
        return _conversation(self._words, self._words.grounded_rules, self._opening(), self.steps, None)

    def reply_schema(self) -> None:
        """Free text."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Earlier ones, then this one."""
        return (*self.earlier, self.step)


class AnswerPrompt(_Asked):
    """Ask for the answer.

    Attributes:
        steps: All steps; empty where nothing was retrieved on purpose.
        grounded: Whether the answer must rest on the steps' evidence; closed book it cannot.
    """

    steps: tuple[Step, ...]
    grounded: bool = True

    def messages(self) -> list[Message]:
        """The conversation up to the reply."""
        words = self._words
        rules = words.grounded_rules if self.grounded else words.closed_book_rules
        return _conversation(words, rules, self._opening(), self.steps, self._task())

    def reply_schema(self) -> None:
        """Free text."""

    def _task(self) -> str:
        words = self._words
        if not self.grounded:
            return words.closed_book_choice_task if self.question.choices else words.closed_book_task
        return words.answer_choice_task if self.question.choices else words.answer_task


class ChoicePrompt(_Asked):
    """Ask for the label of the choice the answer just given comes to."""

    steps: tuple[Step, ...]
    answer: str
    grounded: bool = True

    def messages(self) -> list[Message]:
        """The conversation up to the reply."""
        before = AnswerPrompt(question=self.question, steps=self.steps, grounded=self.grounded)
        task = self._words.choice_task.format(labels=" / ".join(self.question.labels))
        return [
            *before.messages(),
            {"role": "assistant", "content": self.answer},
            {"role": "user", "content": task},
        ]

    def reply_schema(self) -> JsonSchema:
        """The JSON the reply must be: one of the labels, or null for no answer."""
        return {
            "type": "object",
            "properties": {"choice": {"enum": [*self.question.labels, None]}},
            "required": ["choice"],
            "additionalProperties": False,
        }


class FormPrompt(_Asked):
    """Ask to put the answer just given into a form: rows of named fields.

    Attributes:
        form: What the rows are, in the question's language.
        fields: Field → what it holds, in the order shown.
        rows: JSON schema of the reply.
    """

    steps: tuple[Step, ...]
    answer: str
    form: str
    fields: dict[str, str]
    rows: JsonSchema
    grounded: bool = True

    def messages(self) -> list[Message]:
        """The conversation up to the reply."""
        before = AnswerPrompt(question=self.question, steps=self.steps, grounded=self.grounded)
        fields = "\n".join(f"- {name}: {meaning}" for name, meaning in self.fields.items())
        task = self._words.form_task.format(form=self.form, fields=fields)
        return [
            *before.messages(),
            {"role": "assistant", "content": self.answer},
            {"role": "user", "content": task},
        ]

    def reply_schema(self) -> JsonSchema:
        """The JSON the reply must be."""
        return self.rows


Prompt = PlanPrompt | StepPrompt | AnswerPrompt | ChoicePrompt | FormPrompt


def _conversation(
    words: Wording, rules: str, opening: str, steps: tuple[Step, ...], task: str | None
) -> list[Message]:
    """Question, then step by step its evidence (user) and conclusion (assistant), then the task."""
    messages: list[Message] = [{"role": "system", "content": rules}]
    pending = opening
    shown: set[str] = set()
    for step in steps:
        heading = f"# {words.step.format(number=step.number)}\n{words.sub_question}: {step.sub_question}"
        pending = "\n\n".join(part for part in (pending, heading, _evidence(step, shown, words)) if part)
        shown.update(found.key for found in step.evidence)
        if step.conclusion is not None:
            messages.append({"role": "user", "content": f"{pending}\n\n{words.step_task}"})
            messages.append({"role": "assistant", "content": step.conclusion})
            pending = ""
    if task is None:
        task = words.step_task
    messages.append({"role": "user", "content": "\n\n".join(part for part in (pending, task) if part)})
    return messages


def _evidence(step: Step, shown: set[str], words: Wording) -> str:
    blocks = []
    for found in step.evidence:
        if found.key in shown:
            blocks.append(f'<evidence key="{found.key}">{words.shown_above}</evidence>')
        else:
            blocks.append(_block(found))
    return "\n".join(blocks) or words.no_evidence


def _block(found: Evidence) -> str:
    """One passage, fenced as data. A passage cannot close its own fence."""
    place = " > ".join(found.headings) or found.title
    edition = f' edition="{_attribute(found.edition)}"' if found.edition else ""
    text = _FENCE.sub(r"<\\\1", found.text)
    return f'<evidence key="{found.key}" place="{_attribute(place)}"{edition}>\n{text}\n</evidence>'


def _attribute(text: str) -> str:
    return text.replace('"', "”").replace("<", "＜").replace("\n", " ")
