"""Which answers people score, too: a random sample with known probabilities, drawn before anything is judged.

Of each question so many cases are drawn without replacement, and of a drawn case every system's answer, so
that systems stay comparable within cases. Each answer's probability of being drawn is the question's n / N.
"""

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from corpora import Frozen
from service.cases.errors import BadCase

COLUMNS = ("case", "question", "probability")


class Drawn(Frozen):
    """A case's question that people score, for every system."""

    case: str
    question: str
    probability: float


def drawn(cases_of: Mapping[str, Sequence[str]], per_question: int, seed: int) -> tuple[Drawn, ...]:
    """The sample.

    Args:
        cases_of: Question → its cases.
        per_question: How many of them; all where there are no more.
    """
    sample = []
    for question in sorted(cases_of):
        cases = sorted(set(cases_of[question]))
        number = min(per_question, len(cases))
        draw = random.Random(f"{seed}/{question}")  # noqa: S311  (a design, not a secret)
        chosen = sorted(draw.sample(cases, number))
        sample += [Drawn(case=case, question=question, probability=number / len(cases)) for case in chosen]
    return tuple(sample)


def write_sample(sample: Sequence[Drawn], file: Path) -> None:
    """As CSV, for whoever plans the people's part."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows((one.case, one.question, repr(one.probability)) for one in sample)


def read_sample(file: Path) -> tuple[Drawn, ...]:
    """What `write_sample` wrote.

    Raises:
        BadCase: If it is something else.
    """
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        found = tuple(Drawn.model_validate(row) for row in rows)
    except (OSError, ValueError) as error:
        raise BadCase(file, f"it is no sample of a judge's run: {type(error).__name__}") from None
    if not found or any(not 0 < one.probability <= 1 for one in found):
        raise BadCase(file, "it is no sample of a judge's run")
    return found
