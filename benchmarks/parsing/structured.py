"""Answers inside JSON: whole objects only, repeated keys seen, values never executed."""

import json
import re
from typing import Any

_KEYS = frozenset(
    {
        "selected_option",
        "answer",
        "answer_choice",
        "answer_idx",
        "answers",
        "choice",
        "correct_answer",
        "final_answer",
        "option",
        "response_choice",
        "selection",
        "回答",
        "最終回答",
        "最終解答",
        "正解",
        "答え",
        "解答",
        "解答番号",
        "選択",
        "選択肢",
    }
)
_DECODER = json.JSONDecoder(object_pairs_hook=lambda pairs: _Pairs(pairs))
_LOOSE = re.compile(
    r'"(?:' + "|".join(sorted(_KEYS, key=len, reverse=True)) + r')"\s*:\s*"([^"\n]*)"\s*(?=[,}\n])',
    re.IGNORECASE,
)


class _Pairs(list[tuple[str, Any]]):
    """An object's pairs in order: a repeated key stays visible."""


def answers_in_json(reply: str) -> tuple[list[Any], str, bool]:
    """Find the values of answer keys in the reply's JSON objects.

    Returns:
        The values in order of appearance; the reply without those objects; and whether the reply
        begins as JSON that never ends, so that it was cut.
    """
    values: list[Any] = []
    rest: list[str] = []
    at = 0
    while True:
        start = reply.find("{", at)
        if start < 0:
            break
        try:
            found, end = _DECODER.raw_decode(reply, start)
        except (ValueError, RecursionError):
            rest.append(reply[at : start + 1])
            at = start + 1
            continue
        answers = _collect(found)
        rest.append(reply[at:start] if answers else reply[at:end])
        values += answers
        at = end
    rest.append(reply[at:])
    outside = "".join(rest)
    if not values and reply.lstrip().startswith(("{", "```json")):
        loose = _LOOSE.findall(reply)
        if not reply.rstrip().rstrip("`").rstrip().endswith("}"):
            return [], outside, True
        return loose, "" if loose else outside, False
    return values, outside, False


def _collect(found: Any) -> list[Any]:
    answers: list[Any] = []
    if isinstance(found, _Pairs):
        for key, value in found:
            if key.strip().casefold().replace(" ", "_") in _KEYS and not isinstance(value, _Pairs):
                answers.append(value)
            else:
                answers += _collect(value)
    return answers
