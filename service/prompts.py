"""What a generator is asked, as typed values, and how it reads as chat messages.

A generator takes the prompt object itself: one that drives a model renders ``messages()``, one that
needs no model reads the fields. The wording is in `service.wording`.

Within one question every prompt begins as the one before it: rules, question, then round by round the
evidence of its steps and their conclusions, and only at the end what is asked for. The steps of one round
are shown the same evidence. A model server that caches prefixes reads the shared part once.
"""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Literal, TypedDict

from corpora import Frozen
from service.answers import Evidence, PlannedStep, Step
from service.checking.opinion_prompt import OpinionPrompt
from service.conversing.rewrite_prompt import RewritePrompt
from service.questions import Language, Question
from service.sanitising import CANARY, HIDDEN, fenced
from service.wording import WORDING, Wording

PROMPT_VERSION = "3"
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
            {"role": "system", "content": _with_canary(self._words.grounded_rules)},
            {"role": "user", "content": f"{self._opening()}\n\n{task}"},
        ]

    def reply_schema(self) -> JsonSchema:
        """The JSON the reply must be."""
        text = {"type": "string", "minLength": 1, "maxLength": 300}
        step = {
            "type": "object",
            "properties": {
                "sub_question": text,
                "query": text,
                "depends_on": {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 1, "maximum": self.max_steps},
                    "maxItems": self.max_steps,
                },
            },
            "required": ["sub_question", "query", "depends_on"],
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


class QueryPrompt(_Asked):
    """Ask what to search for in a step that depends on earlier ones, now that these are concluded."""

    earlier: tuple[Step, ...]
    planned: PlannedStep

    def messages(self) -> list[Message]:
        """The conversation up to the reply."""
        task = self._words.query_task.format(
            number=self.planned.number, sub_question=self.planned.sub_question
        )
        return _conversation(self._words, self._words.grounded_rules, self._opening(), self.earlier, task)

    def reply_schema(self) -> JsonSchema:
        """The JSON the reply must be."""
        return _object(query={"type": "string", "minLength": 1, "maxLength": 300})


class QueriesPrompt(_Asked):
    """Ask what is still to be searched for, at most ``max_queries``; none if the steps so far suffice."""

    earlier: tuple[Step, ...]
    max_queries: int

    def messages(self) -> list[Message]:
        """The conversation up to the reply."""
        task = self._words.queries_task.format(max_queries=self.max_queries)
        return _conversation(self._words, self._words.grounded_rules, self._opening(), self.earlier, task)

    def reply_schema(self) -> JsonSchema:
        """The JSON the reply must be."""
        query = {"type": "string", "minLength": 1, "maxLength": 300}
        return _object(queries={"type": "array", "items": query, "maxItems": self.max_queries})


class RelevancePrompt(_Asked):
    """Ask which of a step's passages bear on it."""

    earlier: tuple[Step, ...]
    step: Step

    def messages(self) -> list[Message]:
        """The conversation up to the reply."""
        words = self._words
        return _conversation(
            words,
            words.grounded_rules,
            self._opening(),
            self.earlier,
            words.relevance_task,
            together=(self.step,),
        )

    def reply_schema(self) -> JsonSchema:
        """The JSON the reply must be."""
        keys = {"enum": [found.key for found in self.step.evidence]}
        return _object(relevant={"type": "array", "items": keys, "maxItems": len(self.step.evidence)})


class StepPrompt(_Asked):
    """Ask for the conclusion of one step.

    Attributes:
        earlier: Steps of earlier rounds, concluded.
        together: The steps of this round, all with their evidence: what is shown is the same for each of
            them, so a server reads it once.
        step: One of these.
    """

    earlier: tuple[Step, ...]
    together: tuple[Step, ...]
    step: Step

    def messages(self) -> list[Message]:
        """The conversation up to the reply."""
        words = self._words
        task = words.step_task.format(number=self.step.number, sub_question=self.step.sub_question)
        return _conversation(
            words, words.grounded_rules, self._opening(), self.earlier, task, together=self.together
        )

    def reply_schema(self) -> None:
        """Free text."""


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
        return _object(choice={"enum": [*self.question.labels, None]})

    def replies(self) -> list[str]:
        """Every reply that is allowed, for servers that bind replies to a list and to no schema."""
        return [json.dumps({"choice": label}, ensure_ascii=False) for label in (*self.question.labels, None)]


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


Prompt = (
    PlanPrompt
    | QueryPrompt
    | QueriesPrompt
    | RelevancePrompt
    | StepPrompt
    | AnswerPrompt
    | ChoicePrompt
    | FormPrompt
    | OpinionPrompt
    | RewritePrompt
)


def _object(**properties: JsonSchema) -> JsonSchema:
    """An object that has these members and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _conversation(
    words: Wording,
    rules: str,
    opening: str,
    concluded: Sequence[Step],
    task: str,
    *,
    together: Sequence[Step] = (),
) -> list[Message]:
    """The rules; then in one message the question, round by round evidence and conclusions, and the task.

    Args:
        concluded: Finished steps.
        together: The steps of the round that runs now, with their evidence.
    """
    parts = [opening]
    shown: set[str] = set()
    for _, steps in groupby(concluded, key=lambda step: step.round):
        of_round = list(steps)
        parts += _blocks(of_round, shown, words)
        parts += _conclusions(of_round, words)
    parts += _blocks(together, shown, words)
    parts.append(task)
    return [
        {"role": "system", "content": _with_canary(rules)},
        {"role": "user", "content": "\n\n".join(parts)},
    ]


def _blocks(steps: Iterable[Step], shown: set[str], words: Wording) -> list[str]:
    parts = []
    for step in steps:
        heading = f"# {words.step.format(number=step.number)}\n{words.sub_question}: {step.sub_question}"
        parts += [heading, _evidence(step, shown, words)]
        shown.update(found.key for found in step.evidence)
    return parts


def _conclusions(steps: Sequence[Step], words: Wording) -> list[str]:
    """What the round came to; nothing where its one step draws its conclusion in the answer."""
    if all(step.conclusion is None and step.error is None for step in steps):
        return []
    lines = [
        f"{words.step.format(number=step.number)}: {step.conclusion or words.no_conclusion}" for step in steps
    ]
    return ["\n".join([f"# {words.conclusions}", *lines])]


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
    text = fenced(_FENCE.sub(r"<\\\1", HIDDEN.sub("", found.text)))
    return f'<evidence key="{found.key}" place="{_attribute(place)}"{edition}>\n{text}\n</evidence>'


def _with_canary(rules: str) -> str:
    """The rules, and what shows that they were repeated; one per process, so prefixes stay shared."""
    return f"{rules}\n({CANARY})"


def _attribute(text: str) -> str:
    return fenced(text).replace('"', "”").replace("<", "＜").replace("\n", " ")
