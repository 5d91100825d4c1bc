"""The official parsers of the data sets, rebuilt bug for bug, so that published scores can be reproduced.

Each says whose it is. None of them is used unless it is asked for: most turn an unreadable reply into a
choice.
"""

import ast
import re

LETTERS = "A|B|C|D"

_MIRAGE_RULES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"^\s*({LETTERS})$",
        rf"^\s*({LETTERS}) or",
        rf"^\s*({LETTERS}) and",
        rf"^\s*({LETTERS})/",
        rf"^\s*({LETTERS}),",
        rf"[Oo]ption ({LETTERS})",
        rf":\s*({LETTERS})",
        rf"^\s*({LETTERS})\.",
        rf'^\s*({LETTERS})"',
        rf"^\s*({LETTERS}):",
    )
)


def mirage(reply: str) -> tuple[str, bool]:
    """MIRAGE's ``locate_answer`` (Xiong et al., ACL Findings 2024, doi:10.18653/v1/2024.findings-acl.372).

    Only what follows the last ``"answer_choice": "`` is read. What no rule reads is "A".

    Returns:
        The letter, and whether a rule read it.
    """
    tail = reply.split('"answer_choice": "')[-1].strip()
    for rule in _MIRAGE_RULES:
        if found := rule.findall(tail):
            return found[0], True
    return "A", False


def jmed_llm_choice(reply: str) -> str:
    """JMED-LLM's ``get_first_uppercase_alphabet``: the first of A to F anywhere, else ``"None"``."""
    return next((char for char in reply if char in "ABCDEF"), "None")


def jmed_llm_entities(reply: str) -> list[str]:
    """JMED-LLM's ``get_list_from_string``, without its ``eval()``: only literals are read.

    A reply that is an expression (``['a'] + ['b']``) has a value upstream and is an empty list here.
    """
    try:
        value = ast.literal_eval(reply.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return []
    return [str(entry) for entry in value] if isinstance(value, list) else []


def igakuqa(reply: str) -> list[str]:
    """IgakuQA's reading (Kasai et al. 2023, arXiv:2303.18027): letters divided by commas, sorted, nothing
    trimmed."""
    return sorted(reply.split(","))


def igakuqa119(reply: str) -> str:
    """IgakuQA119's ``grade_answers``: lower case without brackets, commas and spaces, its characters sorted.

    Numbers are sorted too, so that 27 and 72 are the same answer to it.
    """
    text = reply.strip().lower()
    return "".join(sorted(text.replace("[", "").replace("]", "").replace(",", "").replace(" ", "")))
