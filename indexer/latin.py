"""Latin letters and digits into terms, by rule: the same run gives the same terms in any text.

hba1c       hba1c               letters first: digits belong to the name
il-6        il  6  il6          so that IL-6, IL6 and a mere IL meet
grade3      grade  3  grade3    after a plain word, so that Grade 3 and Grade3 meet
20mg        20  mg              digits first: a number and its unit
3.5  10^-4  3.5  10^-4          a decimal, a power
m^2         m^2                 a raised digit is part of the unit
na^+        na                  a charge is not
"""

import re

JOINTS = frozenset({".", "^", "-", "+", "^-", "^+"})
"""What may stand inside a run."""

_TERM = re.compile(
    r"(?P<power>\d+(?:\.\d+)?\^[-+]?\d+)"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<charge>\^\d*[-+](?!\d))"
    r"|(?P<raised>μ?[a-z]+\^-?\d+(?![-+]))"
    r"|(?P<word>[a-z]{5,})(?P<grade>\d{1,2})(?![a-z0-9.])"
    r"|(?P<name>μ?[a-z][a-z0-9]*)(?:-(?P<digits>\d+)(?![.\d]))?"
    r"|μ"
)


def latin_terms(run: str) -> list[str]:
    """The terms of a folded run of ASCII letters, digits, μ and joints, in order."""
    terms: list[str] = []
    for found in _TERM.finditer(run):
        name, digits = found["name"] or found["word"], found["digits"] or found["grade"]
        if found["charge"]:
            continue
        if digits is None:
            terms.append(name or found.group())
        else:
            terms += [name, digits, name + digits]
    return terms
