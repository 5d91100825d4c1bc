"""Read a list of strings, JSON or Python's literal form. Nothing is ever evaluated."""

import ast
import json
import re
from typing import Any

from benchmarks.parsing.abstention import declines
from benchmarks.parsing.expected import Parsed

_FENCE = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)
_MAX_CHARS = 20_000


def read_entities(reply: str) -> Parsed:
    """The one list in the reply; ``[]`` is an empty answer, two lists are none."""
    if not reply.strip():
        return Parsed(status="unparsed", rule="empty")
    if declines(reply):
        return Parsed(status="abstained", rule="declined")
    for candidate, rule in (
        (reply.strip(), "whole_reply"),
        *((found, "fence") for found in _FENCE.findall(reply)[-1:]),
    ):
        if (entities := list_literal(candidate)) is not None:
            return Parsed(status="parsed", value=tuple(entities), rule=rule)
    found = [entities for span in _spans(reply) if (entities := list_literal(span)) is not None]
    if len(found) == 1 or (found and all(entities == found[0] for entities in found)):
        return Parsed(status="parsed", value=tuple(found[0]), rule="list_in_text")
    if found:
        return Parsed(status="unparsed", rule="several_lists")
    cut = reply.count("[") > reply.count("]") and "'" in reply[reply.rfind("[") :] + reply
    return Parsed(status="truncated" if cut else "unparsed", rule="list_cut" if cut else "no_list")


def list_literal(text: str) -> list[str] | None:
    """A list of strings, or ``None`` if the text is anything else."""
    if len(text) > _MAX_CHARS:
        return None
    value: Any
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return None
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return value
    return None


def _spans(text: str) -> list[str]:
    return re.findall(r"\[[^\[\]]*\]", text)
