"""How far a build is, told to whoever started it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["read", "analyse", "encode", "write", "verify"]


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """How far a build is.

    Attributes:
        done: Documents read, passages analysed, texts encoded, files written, or generations verified.
        total: Of the same; ``None`` while reading.
        reused: Of ``done``, what was there already: in the live generation, a file of vectors, or the journal
            of a build that was killed.
    """

    stage: Stage
    done: int
    total: int | None
    reused: int = 0


Progress = Callable[[BuildProgress], None]
