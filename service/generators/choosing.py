"""Choose among labelled choices by how well evidence sentences support each: no model, and no guess."""

import re
from collections.abc import Callable, Sequence
from math import fsum, isclose, log
from typing import NamedTuple

from corpora import sentences
from service.answers import Evidence
from service.questions import Question

_ASKS_FOR_EXCEPTION = re.compile(
    r"誤って|誤り|正しくない|適切でない|不適切|当てはまらない|あてはまらない|含まれない|みられない|ではない(?:の|もの)|"
    r"\b(?:not|except|incorrect|false|least)\b",
    re.I,
)
_ASKS_FOR_AVOIDED = re.compile(r"禁忌|避ける(?:べき|の)|投与してはならない|contraindicated|avoid", re.I)
_NEGATIVE = re.compile(
    r"禁忌|(?:し|され|でき|では|べきで|行わ|用い|必要|推奨|みられ|認め|含ま|なら)ない|ません|ず[、に]|避け|控え|中止|無効|"
    r"\b(?:not|no|never|without|avoid\w*|contraindicated|ineffective)\b",
    re.I,
)
LEAST_COVERAGE = 0.5
"""Share of a choice's weight one sentence must hold to support it."""


class _Sentence(NamedTuple):
    key: str
    text: str
    terms: set[str]
    above: set[str]


class Support(NamedTuple):
    """A choice, and the sentence that speaks for it most."""

    score: float
    label: str
    key: str
    sentence: str


def best_choice(
    question: Question, evidence: Sequence[Evidence], terms: Callable[[str], Sequence[str]]
) -> Support | None:
    """The best supported choice; ``None`` on no support, or when two are supported equally.

    One sentence supports a choice by the share of the choice's words it holds, weighted by how rare they
    are, times what it (and its headings) shares with the stem. A sentence that negates supports only what
    is asked to be avoided. A question for the exception is answered only where a sentence negates it.
    """
    texts = [
        _Sentence(
            found.key,
            found.text[start:end],
            set(terms(found.text[start:end])),
            set(terms(" ".join(found.headings))),
        )
        for found in evidence
        for start, end in sentences(found.text)
    ]
    if not texts:
        return None
    wants_negative = bool(
        _ASKS_FOR_AVOIDED.search(question.text) or _ASKS_FOR_EXCEPTION.search(question.text)
    )

    def weight(term: str) -> float:
        return log(1 + (len(texts) + 1) / (sum(term in sentence.terms for sentence in texts) + 0.5))

    stem = set(terms(question.text))
    wanted = {choice.label: set(terms(choice.text)) for choice in question.choices}
    shared = set.intersection(*wanted.values())
    ranked: list[Support] = []
    for label, all_terms in wanted.items():
        own = all_terms - shared  # what every choice says tells none apart
        total = fsum(map(weight, own))
        support = Support(0.0, label, "", "")
        for key, text, have, above in texts:
            covered = fsum(map(weight, own & have)) / total if total else 0.0
            about = fsum(map(weight, (stem - own) & (have | above)))
            fits = covered >= LEAST_COVERAGE and bool(_NEGATIVE.search(text)) == wants_negative
            if fits and covered * about > support.score:  # of equals the first sentence stays
                support = Support(covered * about, label, key, one_line(text))
        ranked.append(support)
    ranked.sort(key=lambda support: -support.score)
    first, second = ranked[0], ranked[1]
    return first if first.score > 0 and not isclose(first.score, second.score, rel_tol=1e-9) else None


def one_line(sentence: str) -> str:
    """A sentence that was wrapped in its source, unwrapped; nothing else is changed."""
    return " ".join(sentence.split("\n"))
