"""What a run says while it goes on: a bar for people on stderr, or one JSON event a line on stdout."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from benchmarks.runs.runner import Progress, Report


@contextmanager
def shown(total: int, done: int, *, as_json: bool) -> Iterator[Report]:
    """Report progress until the block ends."""
    if as_json:
        yield _event
        return
    counted: Counter[str] = Counter()
    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with bars:
        bar = bars.add_task("", total=total, completed=done)

        def report(progress: Progress) -> None:
            record = progress.record
            counted[record.parsed.status] += 1
            counted["tokens"] += (record.prompt_tokens or 0) + (record.completion_tokens or 0)
            if record.failure:
                counted["failed"] += 1
            places = ", ".join(f"{name}×{count}" for name, count in progress.limits.items())
            said = (
                f"{counted['tokens']:,} tokens, {counted['unparsed']} unparsed, "
                f"{counted['abstained']} abstained, {counted['failed']} failed; {places}"
            )
            bars.update(bar, completed=progress.done, description=escape(said))

        yield report


def _event(progress: Progress) -> None:
    record = progress.record
    event = {
        "event": "record",
        "done": progress.done,
        "total": progress.total,
        "task": record.task,
        "item": record.item,
        "arm": record.arm,
        "repeat": record.repeat,
        "status": record.parsed.status,
        "failure": record.failure.kind if record.failure else None,
        "tokens": (record.prompt_tokens or 0) + (record.completion_tokens or 0),
        "seconds": round(record.seconds, 3),
        "places": progress.limits,
    }
    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
    sys.stdout.flush()
