"""The one parser of replies: Japanese and English, strict, with a status for every reply.

A reply has one reading or none. What cannot be read is ``unparsed`` and counts as wrong; it never becomes a
choice by default, which official parsers of this field do (MIRAGE: "A"; JMED-LLM: the first letter A-F
anywhere).
"""

from benchmarks.parsing.abstention import is_failure_message
from benchmarks.parsing.choices import read_choice
from benchmarks.parsing.entities import read_entities
from benchmarks.parsing.expected import Expected, Parsed
from benchmarks.parsing.numbers import read_number, read_rating
from benchmarks.parsing.thinking import without_thinking

MAX_REPLY_CHARS = 1_000_000
"""Thinking included."""

MAX_ANSWER_CHARS = 10_000
"""Without thinking. A longer one repeats itself; reading it would take a time that grows with its square."""


def parse_answer(reply: str | None, expected: Expected, *, finish_reason: str | None = None) -> Parsed:
    """Read one reply.

    Args:
        reply: The model's text; ``None`` where none arrived.
        expected: The form of answer asked for. The right answer is no part of it.
        finish_reason: As the server says. A reply cut at its length limit (``length``) is ``truncated`` even
            if it names a choice: what would have followed is unknown.
    """
    if reply is None or is_failure_message(reply):
        return Parsed(status="transport_error", rule="no_reply" if reply is None else "failure_message")
    if finish_reason == "length":
        return Parsed(status="truncated", rule="length_limit")
    if finish_reason == "content_filter":
        return Parsed(status="transport_error", rule="content_filter")
    if len(reply) > MAX_REPLY_CHARS:
        return Parsed(status="unparsed", rule="too_long")
    answer = without_thinking(reply)
    if answer is None:
        return Parsed(status="truncated", rule="thinking_not_finished")
    if not answer.strip():
        return Parsed(status="unparsed", rule="empty")
    if len(answer) > MAX_ANSWER_CHARS:
        return Parsed(status="unparsed", rule="too_long")
    match expected.kind:
        case "number":
            return read_number(answer, expected)
        case "rating":
            return read_rating(answer, expected)
        case "entities":
            return read_entities(answer)
        case "choice" | "choices":
            return read_choice(answer, expected)
