"""How far a command is and how it ended, as JSON lines on standard output: for the process that started it.

    {"event": "progress", "stage": "encode", "done": 320, "total": 1204, "reused": 96}
    {"event": "end", "exit_code": 0, "result": {…}}
    {"event": "end", "exit_code": 4, "error": "IndexBusy", "message": "…"}

A process that ends without its last line was killed.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from corpora import CorpusError
from indexer.errors import IndexFailure
from indexer.progress import BuildProgress

_EVERY_S = 0.2
"""Of one stage no more lines than that; its first and its last are always told."""


class ProgressLines:
    """Call it with progress; give it the result before the block of `progress_lines` ends."""

    def __init__(self) -> None:
        self.result: dict[str, Any] = {}
        self._told = ("", 0.0)

    def __call__(self, step: BuildProgress) -> None:
        stage, at = self._told
        moment = time.monotonic()
        if stage == step.stage and step.done != step.total and moment - at < _EVERY_S:
            return
        self._told = (step.stage, moment)
        write_line({"event": "progress", **asdict(step)})


@contextmanager
def progress_lines() -> Iterator[ProgressLines]:
    """Tell the progress inside, then the end; what was raised goes on its way."""
    lines = ProgressLines()
    try:
        yield lines
    except Exception as error:
        known = isinstance(error, IndexFailure | CorpusError)
        write_line(
            {
                "event": "end",
                "exit_code": getattr(error, "exit_code", 3 if isinstance(error, CorpusError) else 1),
                "error": type(error).__name__,
                "message": str(error) if known else "",
            }
        )
        raise
    write_line({"event": "end", "exit_code": 0, "result": lines.result})


def write_line(value: dict[str, Any]) -> None:
    """One line, at once. Whoever reads them may be gone; the work goes on."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()
