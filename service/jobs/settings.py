"""What jobs may do."""

from pathlib import Path

from pydantic import Field

from corpora import Frozen


class JobSettings(Frozen):
    """The ``[jobs]`` section.

    Attributes:
        rebuild_config: What a rebuild over REST reads, as ``jmedqa index build --config``; no request can
            name another file. ``None``: rebuilds are refused.
        nice: Of the child, 0 to 19: how far it steps back behind the server.
        poll_s: How often a child's progress is looked at.
    """

    rebuild_config: Path | None = None
    nice: int = Field(default=19, ge=0, le=19)
    poll_s: float = Field(default=0.25, gt=0, le=10)
