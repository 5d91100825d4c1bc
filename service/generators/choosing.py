"""Choose among labelled choices by how well evidence sentences support each: no model, and no guess."""

import re
from collections.abc import Callable, Sequence
from math import isclose, log

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


def best_choice(
    question: Question, evidence: Sequence[Evidence], terms: Callable[[str], Sequence[str]]
) -> str | None:
    """The label of the best supported choice; ``None`` on no support, or when two are supported equally.

    One sentence supports a choice by the share of the choice's words it holds, weighted by how rare they
    are, times what it (and its headings) shares with the stem. A sentence that negates supports only what
    is asked to be avoided. A question for the exception is answered only where a sentence negates it.
    """
    texts = [
        (found.text[start:end], set(terms(found.text[start:end])), set(terms(" ".join(found.headings))))
        for found in evidence
        for start, end in sentences(found.text)
    ]
    if not texts:
        return None
    wants_negative = bool(
        _ASKS_FOR_AVOIDED.search(question.text) or _ASKS_FOR_EXCEPTION.search(question.text)
    )

    def weight(term: str) -> float:
        return log(1 + (len(texts) + 1) / (sum(term in have for _, have, _ in texts) + 0.5))

    stem = set(terms(question.text))
    wanted = {choice.label: set(terms(choice.text)) for choice in question.choices}
    shared = set.intersection(*wanted.values())
    scores: dict[str, float] = {}
    for label, all_terms in wanted.items():
        own = all_terms - shared  # what every choice says tells none apart
        total = sum(map(weight, own))
        support = 0.0
        for text, have, above in texts:
            covered = sum(weight(term) for term in own & have) / total if total else 0.0
            about = sum(weight(term) for term in (stem - own) & (have | above))
            if covered >= LEAST_COVERAGE and about and bool(_NEGATIVE.search(text)) == wants_negative:
                support = max(support, covered * about)
        scores[label] = support
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    (best, first), (_, second) = ranked[0], ranked[1]
    return best if first > 0 and not isclose(first, second, rel_tol=1e-9) else None
