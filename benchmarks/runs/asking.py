"""An item as the service takes it, and the service's answer as a reading of the item.

The gold never leaves this layer: what a strategy gets is a `Question`.
"""

import re

from benchmarks.parsing import Parsed, parse_answer
from benchmarks.settings import PromptStyle
from benchmarks.tasks import Item
from benchmarks.tasks.prompts import to_question
from service.answers import Answer
from service.markers import without_markers
from service.notices import CHOICE_UNPARSED
from service.questions import Language, Question

PROMPTS_VERSION = "1"
"""Raised with every change of the wording below; it is part of every request's hash."""

_SEVERAL = re.compile(r"[2-9２-９二三四五]\s*つ(?:を)?\s*選|\btwo\b.{0,20}\b(?:answers|choices|options)\b")

_END: dict[str, dict[Language, str]] = {
    "choice": {
        "ja": "最後の行に「答え: 」に続けて選択肢の記号を1つだけ書いてください。",
        "en": 'Write the letter of one choice on the last line, after "Answer: ".',
    },
    "choices": {
        "ja": "最後の行に「答え: 」に続けて、求められた数だけ選択肢の記号をコンマで区切って書いてください。",
        "en": 'Write as many letters as asked for on the last line, divided by commas, after "Answer: ".',
    },
    "number": {
        "ja": "最後の行に「答え: 」に続けて、求める数値だけを書いてください。",
        "en": 'Write the number asked for on the last line, after "Answer: ".',
    },
    "entities": {
        "ja": "文書の表現をそのまま抜き出し、Pythonのリスト(例: ['表現1', '表現2'])だけを書いてください。",
        "en": "Copy the expressions as they are written, as a Python list (['one', 'two']) and nothing else.",
    },
    "rating": {"ja": "", "en": ""},
}


def style_of(item: Item, prompt: PromptStyle) -> PromptStyle:
    """How an item is asked in an arm of this prompt: with labels only where one label is the answer.

    Read from the stem and the form of answer, never from the gold.
    """
    if prompt == "written" or len(to_question(item).choices) < 2:
        return "written"
    if item.expected.kind == "choice":
        return "labelled"
    return "labelled" if item.expected.kind == "choices" and not _SEVERAL.search(item.question) else "written"


def question_of(item: Item, prompt: PromptStyle) -> Question:
    """The item as a strategy gets it.

    Raises:
        ValidationError: If it is longer than the service takes.
    """
    if style_of(item, prompt) == "labelled":
        return to_question(item)
    language = Question(text=item.question).language
    expected = item.expected
    if any(expected.texts):
        pairs = zip(expected.labels, expected.texts, strict=False)
        choices = [f"{label}. {text}" for label, text in pairs if text]
    else:
        choices = [" / ".join(expected.labels)] if expected.labels else []
    parts = [item.context, item.question, "\n".join(choices), _END[expected.kind][language]]
    return Question(text="\n".join(part for part in parts if part.strip()))


def reading(item: Item, prompt: PromptStyle, text: str, choice: str | None, reason: str | None) -> Parsed:
    """What an answer says.

    Args:
        text, choice, reason: Of the `Answer`; the reason is its notice's code.
    """
    if style_of(item, prompt) == "labelled":
        if choice is not None:
            return Parsed(status="parsed", value=(choice,), rule="choice")
        if reason == CHOICE_UNPARSED.code:
            return Parsed(status="unparsed", rule=reason)
        return Parsed(status="abstained", rule=reason or "no_choice")
    if reason is not None:
        return Parsed(status="abstained", rule=reason)
    return parse_answer(without_markers(text), item.expected)


def reading_of(item: Item, prompt: PromptStyle, answer: Answer) -> Parsed:
    """As `reading`, of the answer itself."""
    return reading(item, prompt, answer.text, answer.choice, answer.reason.code if answer.reason else None)


_FAILED = {"generation-truncated": "truncated"}


def failure(kind: str) -> Parsed:
    """What an item without an answer comes to: cut at the length limit, or never arrived."""
    if kind in _FAILED:
        return Parsed(status="truncated", rule=kind)
    return Parsed(status="transport_error", rule=kind)
