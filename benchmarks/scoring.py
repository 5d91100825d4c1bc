"""Score predictions: read each reply, compare it with the gold, and count what was not read.

An item without a prediction is unparsed and wrong: leaving hard questions out never raises a score.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from benchmarks.errors import BadRequest
from benchmarks.parsing import Parsed, Status, parse_answer
from benchmarks.tasks.items import Item, Judged, Metrics, ParserName, Task
from corpora import Frozen


class Score(Frozen):
    """What a set of predictions is worth on a task.

    Attributes:
        accuracy: ``correct / n``.
        points: Of the right answers; ``points_max`` of all items.
        unparsed: Items whose reply was not read, or that have none.
        metrics: The task's own figures, and under ``status/`` how many replies were read, abstained and so
            on.
    """

    task: str
    n: int
    correct: int
    accuracy: float
    points: int
    points_max: int
    unparsed: int
    metrics: Mapping[str, int | float | None]


def judge(item: Item, reply: str | None, parsed: Parsed) -> Judged:
    """Compare one reading with the gold."""
    return Judged(item=item, reply=reply, parsed=parsed, correct=is_right(item, parsed))


def is_right(item: Item, parsed: Parsed) -> bool:
    """Whether a reading is one of the accepted answers: labels and entities as sets, numbers by value."""
    if item.always_right:
        return True
    if parsed.status != "parsed":
        return False
    if item.expected.kind == "number":
        return any(_equal_numbers(parsed.value, right) for right in item.gold)
    return any(set(parsed.value) == set(right) for right in item.gold)


def _equal_numbers(said: Sequence[str], right: Sequence[str]) -> bool:
    try:
        return [Decimal(number) for number in said] == [Decimal(number) for number in right]
    except InvalidOperation:
        return False


def judge_all(
    task: Task, items: Sequence[Item], replies: Mapping[str, str | None], *, parser: ParserName = "strict"
) -> tuple[Judged, ...]:
    """Read and compare every item's reply.

    Args:
        replies: By item id. ``None`` is a reply that never arrived (a transport error); an id that is missing
            was never predicted.

    Raises:
        BadRequest: If the official parser is asked for and the task has none.
    """
    if parser == "official" and task.official is None:
        raise BadRequest(f"{task.task_id} has no official parser: use --parser strict")
    judged = []
    for item in items:
        reply = replies.get(item.item_id)
        if item.item_id not in replies:
            parsed = Parsed(status="unparsed", rule="no_prediction")
        elif parser == "official" and task.official is not None and reply is not None:
            parsed = task.official(reply, item)
        else:
            parsed = parse_answer(reply, item.expected)
        judged.append(judge(item, reply, parsed))
    return tuple(judged)


def score(task: Task, judged: Sequence[Judged]) -> Score:
    """Sum up. The figures of ``official/`` are computed from the raw replies, whichever parser read them."""
    statuses: Counter[Status] = Counter(entry.parsed.status for entry in judged)
    metrics: Metrics = {
        f"status/{status}": statuses[status]
        for status in ("parsed", "abstained", "truncated", "transport_error")
    }
    correct = sum(entry.correct for entry in judged)
    return Score(
        task=task.task_id,
        n=len(judged),
        correct=correct,
        accuracy=correct / len(judged) if judged else 0.0,
        points=sum(entry.item.points for entry in judged if entry.correct),
        points_max=sum(entry.item.points for entry in judged),
        unparsed=statuses["unparsed"],
        metrics=task.metrics(judged) | metrics,
    )
