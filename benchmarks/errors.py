# ruff: noqa: N818  (the names say what happened)
"""What keeps a score from being computed. Each message names the file, the line and the cure."""

from pathlib import Path
from typing import ClassVar


class BenchmarkError(Exception):
    """Base; ``exit_code`` is the command line's."""

    exit_code: ClassVar[int] = 2


class BadRequest(BenchmarkError):
    """An option that cannot be used: an unknown task, a path that is not there, a refused licence."""


class BadAnswers(BenchmarkError):
    """A file of predictions that cannot be scored as it is."""


class TaskDataError(BenchmarkError):
    """A data set's file that is not in the format its task reads."""

    exit_code: ClassVar[int] = 3

    def __init__(self, file: str, line: int | None, reason: str) -> None:
        place = f"{file}:{line}" if line is not None else file
        super().__init__(f"{place}: {reason}")


class RunCorrupt(BenchmarkError):
    """A run's file with a line, before the last, that is no record of it."""

    exit_code: ClassVar[int] = 3

    def __init__(self, file: Path, line: int, reason: str) -> None:
        super().__init__(
            f"{file}:{line}: no record ({reason}): the file was changed by hand or the disk lost a part; "
            "take the line out and go on with --resume, which asks for it again"
        )
