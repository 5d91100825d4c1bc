"""What is written down about who asked, and for how long: the ``[audit]`` section."""

from pathlib import Path

from pydantic import Field

from corpora import Frozen


class AuditSettings(Frozen):
    """The ``[audit]`` section.

    Attributes:
        text: Keep what was asked as text; else as a keyed hash, by which an entry can be matched to a
            question that is known, and nothing can be read.
        days: After so many days `jmedqa audit prune` and the server delete entries; a stub stays.
        key_file: 64 hexadecimal digits; made if it is not there. ``None``: ``audit.key`` in ``state.dir``.
        head_file: The last entry's number and link, rewritten after each write. On another disk, whoever can
            write to ``state.dir`` cannot cut the log's end unseen. ``None``: ``audit.head`` in ``state.dir``.
    """

    enabled: bool = True
    text: bool = False
    days: int = Field(default=1_095, ge=1, le=36_500)
    key_file: Path | None = None
    head_file: Path | None = None
