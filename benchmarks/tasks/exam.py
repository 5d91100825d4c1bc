"""What the two sets of the Japanese licensing examination share: the whole-examination report.

Sections B and E are 必修 (50 questions each), the others 一般・臨床. Weights are the data's.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from benchmarks.tasks.items import Judged, Metrics

REQUIRED_SECTIONS = frozenset("BE")


def report(judged: Sequence[Judged]) -> Metrics:
    """Points of 必修 and 一般・臨床, sections, categories, 禁忌肢 chosen, and examinees' accuracy on the same
    questions.

    Keys: ``必修/points``, ``必修/points_max``, ``必修/correct``, ``必修/n`` and so on for each group;
        ``禁忌肢/items`` counts questions that
    have a contraindicated choice, ``禁忌肢/chosen`` the replies that chose one; ``human/accuracy`` is the
    examinees' mean over the ``human/n`` questions that state it, ``human/model_accuracy`` the model's on the
    same.
    """
    found: Metrics = {}
    for group in ("必修", "一般・臨床"):
        found |= _group(group, [entry for entry in judged if entry.item.tags.get("group") == group])
    for section, entries in _by(judged, lambda entry: entry.item.tags.get("section", "")):
        found |= _group(f"section/{section}", entries)
    for category, entries in _by(judged, lambda entry: entry.item.tags.get("category", "")):
        found |= _group(f"category/{category}", entries)
    for image, entries in _by(judged, lambda entry: entry.item.tags.get("image", "")):
        found |= _group("with_image" if image == "yes" else "without_image", entries)
    dangerous = [entry for entry in judged if entry.item.contraindicated]
    if dangerous:
        found["禁忌肢/items"] = len(dangerous)
        found["禁忌肢/chosen"] = sum(
            bool(set(entry.parsed.value) & set(entry.item.contraindicated)) for entry in dangerous
        )
    known = [(entry, entry.item.human_accuracy) for entry in judged if entry.item.human_accuracy is not None]
    if known:
        found["human/n"] = len(known)
        found["human/accuracy"] = sum(share for _, share in known if share is not None) / len(known)
        found["human/model_accuracy"] = sum(entry.correct for entry, _ in known) / len(known)
    return found


def official_points(judged: Sequence[Judged], right: Callable[[Judged], bool]) -> Metrics:
    """Accuracy and points under a set's own rule."""
    marks = [right(entry) for entry in judged]
    return {
        "official/accuracy": sum(marks) / len(marks) if marks else 0.0,
        "official/correct": sum(marks),
        "official/points": sum(entry.item.points for entry, mark in zip(judged, marks, strict=True) if mark),
    }


def _group(name: str, entries: Sequence[Judged]) -> Metrics:
    if not entries:
        return {}
    return {
        f"{name}/n": len(entries),
        f"{name}/correct": sum(entry.correct for entry in entries),
        f"{name}/points": sum(entry.item.points for entry in entries if entry.correct),
        f"{name}/points_max": sum(entry.item.points for entry in entries),
    }


def _by(judged: Sequence[Judged], key: Callable[[Judged], str]) -> Iterable[tuple[str, list[Judged]]]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for entry in judged:
        if name := key(entry):
            groups[name].append(entry)
    return sorted(groups.items())
