"""Where the service keeps what must outlive it, and for how long."""

from pathlib import Path

from pydantic import Field

from corpora import Frozen


class StateSettings(Frozen):
    """The ``[state]`` section. `service.sqlite` is the only place where question and answer text is kept.

    Attributes:
        dir: Made with mode 0700 if it is not there. On a local disk: SQLite's write-ahead log needs one.
        busy_timeout_s: How long a write waits for another process, ``jmedqa key`` for example.
        answers_days: After so many days `jmedqa state prune` and the server delete an answer with its
            question and what was said of it; 0 keeps nothing beyond the next pruning. The others likewise.
    """

    dir: Path = Path("var/state")
    busy_timeout_s: float = Field(default=5.0, gt=0, le=60)
    answers_days: int = Field(default=30, ge=0, le=36_500)
    conversations_days: int = Field(default=30, ge=0, le=36_500)
    jobs_days: int = Field(default=90, ge=0, le=36_500)
    idempotency_hours: int = Field(default=24, ge=1, le=720)
