"""After the scoring: adjudication, the blinding index, and the opening of the key."""

import csv
import hashlib
import json
import secrets
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from benchmarks.rating.workbench.creating import ADJUDICATOR, key_file
from benchmarks.rating.workbench.store import Store, StudyError, Task, now

LARGE = 2
"""Points between two raters from which an answer is adjudicated: one says wrong, another right."""


class Disagreement(NamedTuple):
    """One answer on which raters are far apart, with their scores, lowest first."""

    answer: str
    scores: tuple[int, ...]


def disagreements(store: Store) -> list[Disagreement]:
    """Answers whose first scores lie `LARGE` or more apart, in the order of their ids."""
    scores: dict[str, list[int]] = defaultdict(list)
    for task in first_scores(store):
        if task.score is not None:
            scores[task.answer].append(task.score)
    return [
        Disagreement(answer, tuple(sorted(own)))
        for answer, own in sorted(scores.items())
        if max(own) - min(own) >= LARGE
    ]


def open_adjudication(store: Store) -> int:
    """Give the adjudicator the large disagreements, once every rater has locked; how many there are.

    Raises:
        StudyError: If a rater has not locked.
    """
    _all_locked(store)
    if not (tasks := store.tasks(ADJUDICATOR)):
        found = disagreements(store)
        store.fill(
            "tasks",
            [(secrets.token_hex(8), ADJUDICATOR, n, 0, item.answer, 0) for n, item in enumerate(found)],
        )
        store.log("organiser", f"adjudication opened: {len(found)} answers")
        return len(found)
    return len(tasks)


class Blinding(NamedTuple):
    """Bang's index of one arm: 0 as by chance, 1 all see through it, −1 all guess the other arm.

    ``low`` and ``high`` are its 95 % interval (normal). It takes guesses for independent, which a rater's own
    are not, so it is too narrow.
    """

    arm: str
    guesses: int
    value: float
    low: float
    high: float


def bang(arm: str, right: int, wrong: int, unknown: int) -> Blinding:
    """Bang, Ni and Davis, Controlled Clinical Trials 25, 2004, doi:10.1016/j.cct.2003.10.016."""
    total = right + wrong + unknown
    p_right, p_wrong = right / total, wrong / total
    index = p_right - p_wrong
    variance = (p_right * (1 - p_right) + p_wrong * (1 - p_wrong) + 2 * p_right * p_wrong) / total
    half = 1.96 * variance**0.5
    return Blinding(arm, total, index, index - half, index + half)


class Unsealed(NamedTuple):
    """What came out: the files written."""

    ratings: Path
    adjudicated: Path
    blinding: tuple[Blinding, ...]


def unseal(store: Store, out: Path, who: str) -> Unsealed:
    """Open the key; write ``ratings.csv`` for `jmedqa rate analyze`, ``adjudicated.csv`` and
    ``blinding.json``.

    The opening is logged before the key is read.

    Raises:
        StudyError: If someone has not locked, or the key is missing or was changed.
    """
    _all_locked(store)
    if disagreements(store) and not all(store.raters(ADJUDICATOR).values()):
        raise StudyError(
            "大きな不一致の裁定が終わっていません。",
            "Large disagreements are not adjudicated yet: run `jmedqa rate adjudicate` first.",
        )
    store.log(who, f"key opened at {now()}")
    try:
        raw = key_file(store.path).read_text(encoding="utf-8")
    except OSError as error:
        raise StudyError(
            "封印した鍵がありません。", f"The sealed key cannot be read: {error.strerror}"
        ) from None
    if hashlib.sha256(raw.encode()).hexdigest() != store.about("key_sha256"):
        raise StudyError("封印した鍵が変更されています。", "The sealed key was changed after sealing.")
    key: dict[str, str] = json.loads(raw)
    out.mkdir(parents=True, exist_ok=True)
    columns = ("case", "system", "question", "rater", "score", "order", "repeat", "tags")
    for name, role in (("ratings.csv", "rater"), ("adjudicated.csv", ADJUDICATOR)):
        with (out / name).open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(columns)
            for t in store.tasks():
                if store.role(t.rater) == role:
                    labels = (t.case_id, key[t.answer], t.question, t.rater)
                    rows.writerow((*labels, t.score, t.position + 1, int(t.repeat), " ".join(t.tags)))
    blinding = tuple(_blinding(store, key))
    text = json.dumps([row._asdict() for row in blinding], ensure_ascii=False, indent=2)
    (out / "blinding.json").write_text(text + "\n", encoding="utf-8")
    return Unsealed(out / "ratings.csv", out / "adjudicated.csv", blinding)


def first_scores(store: Store) -> list[Task]:
    """All raters' tasks without the hidden repeats."""
    return [task for task in store.tasks() if not task.repeat and store.role(task.rater) == "rater"]


def _blinding(store: Store, key: dict[str, str]) -> list[Blinding]:
    counts: dict[str, list[int]] = {"without": [0, 0, 0], "with": [0, 0, 0]}
    for _, answer, guess in store.guesses():
        arm = "with" if "+" in key[answer] else "without"
        counts[arm][2 if guess == "unknown" else int(guess != arm)] += 1
    return [bang(arm, *count) for arm, count in counts.items() if sum(count)]


def _all_locked(store: Store) -> None:
    if waiting := [rater for rater, at in store.raters().items() if at is None]:
        names = ", ".join(waiting)
        raise StudyError(f"まだ確定していない評価者がいます: {names}", f"Not locked yet: {names}")
