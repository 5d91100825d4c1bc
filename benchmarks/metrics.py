"""Figures over judged items. Agreement (Cohen's kappa) and F1 are scikit-learn's.

Cohen, Educational and Psychological Measurement 1960, doi:10.1177/001316446002000104; the weighted form,
Psychological Bulletin 1968, doi:10.1037/h0026256.

scikit-learn is imported where it is used: it belongs to the bench extra, and takes a second to load.
"""

import math
import warnings
from collections.abc import Sequence


def kappa(
    gold: Sequence[str], read: Sequence[str | None], labels: Sequence[str], *, linear: bool = False
) -> float | None:
    """Agreement beyond chance; ``None`` where it is not defined (both sides constant and equal).

    Args:
        read: ``None`` where a reply names no label. Such a reply agrees with no gold: it is a category of its
            own, or with linear weights the label farthest from the gold.
        labels: All categories in their order, those included that no item has: with linear weights the
            distance between A and C must not shrink because nobody said B.
    """
    from sklearn.metrics import cohen_kappa_score

    categories = list(labels)
    if linear:
        ranks = {label: rank for rank, label in enumerate(categories)}
        last = len(categories) - 1
        filled = [
            answer if answer is not None else categories[last if ranks[right] <= last / 2 else 0]
            for right, answer in zip(gold, read, strict=True)
        ]
    else:
        filled = [answer if answer is not None else "(none)" for answer in read]
        categories.append("(none)")
    return _finite(
        cohen_kappa_score(list(gold), filled, labels=categories, weights="linear" if linear else None)
    )


def official_kappa(gold: Sequence[str], read: Sequence[str], *, linear: bool = False) -> float | None:
    """The same as upstream calls it: categories are whatever strings occur, in alphabetical order."""
    from sklearn.metrics import cohen_kappa_score

    return _finite(cohen_kappa_score(list(gold), list(read), weights="linear" if linear else None))


def macro_f1(gold: Sequence[str], read: Sequence[str | None], labels: Sequence[str]) -> float:
    """Mean F1 of ``labels``; a reply without a label is a miss of its gold and no class of its own."""
    from sklearn.metrics import f1_score

    filled = [answer if answer is not None else "(none)" for answer in read]
    return float(f1_score(list(gold), filled, labels=list(labels), average="macro", zero_division=0.0))


def official_macro_f1(gold: Sequence[str], read: Sequence[str]) -> float:
    """As PubMedQA's ``evaluation.py`` calls it: a class for every string that occurs."""
    from sklearn.metrics import f1_score

    return float(f1_score(list(gold), list(read), average="macro", zero_division=0.0))


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def exact_f1(gold: Sequence[Sequence[str]], read: Sequence[Sequence[str]]) -> float:
    """Mean over items of the F1 of two sets of entities, equal strings only. Nothing asked and nothing said
    is 1."""
    return _mean(
        [
            _f1(len(set(g) & set(r)), len(set(g)), len(set(g) & set(r)), len(set(r)))
            for g, r in zip(gold, read, strict=True)
        ]
    )


def partial_f1(gold: Sequence[Sequence[str]], read: Sequence[Sequence[str]]) -> float:
    """Mean F1 where an entity counts if it holds, or is held by, one of the other side.

    Recall is the share of gold entities so met, precision the share of entities read: neither passes 1. An
        empty string
    is held by every entity; ``without_empty`` takes such entities out first.
    """
    scores = []
    for right, said in zip(gold, read, strict=True):
        rights, saids = set(right), set(said)
        met = sum(any(r in s or s in r for s in saids) for r in rights)
        good = sum(any(r in s or s in r for r in rights) for s in saids)
        scores.append(_f1(met, len(rights), good, len(saids)))
    return _mean(scores)


def without_empty(entities: Sequence[Sequence[str]]) -> list[list[str]]:
    """Every item's entities without empty ones: ``['']`` must not be worth a perfect recall."""
    return [[entity for entity in entry if entity.strip()] for entry in entities]


def official_exact_f1(gold: Sequence[Sequence[str]], read: Sequence[Sequence[str]]) -> float:
    """JMED-LLM's ``exact_f1_score``."""
    return _mean(
        [
            _f1(len(set(g) & set(r)), len(set(g)), len(set(g) & set(r)), len(set(r)))
            for g, r in zip(gold, read, strict=True)
        ]
    )


def official_partial_f1(gold: Sequence[Sequence[str]], read: Sequence[Sequence[str]]) -> float:
    """JMED-LLM's ``partial_f1_score``, its two faults kept.

    It asks for membership in the other *set* where substrings are meant, and one entity that is met counts
    once for every gold entity, so that a precision, and the score, can pass 1.
    """
    scores = []
    for right, said in zip(gold, read, strict=True):
        rights, saids = set(right), set(said)
        count = sum(any(r in saids or s in rights for s in saids) for r in rights)
        recall = count / len(rights) if rights else 0.0
        precision = count / len(saids) if saids else 0.0
        scores.append(2 * recall * precision / (recall + precision) if recall + precision else 0.0)
    return _mean(scores)


def _f1(met: int, wanted: int, good: int, said: int) -> float:
    if not wanted and not said:
        return 1.0
    recall = met / wanted if wanted else 0.0
    precision = good / said if said else 0.0
    return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


warnings.filterwarnings("ignore", message="A single label was found", module="sklearn")
