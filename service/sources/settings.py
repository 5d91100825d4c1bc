"""Where files are uploaded to, and whether originals are handed out: ``[uploads]`` and ``[originals]``."""

from pathlib import Path

from pydantic import Field

from corpora import Frozen


class UploadSettings(Frozen):
    """The ``[uploads]`` section.

    Attributes:
        dir: The folder that files go into; the file that ``jobs.rebuild_config`` names must read it.
            ``None``: nothing can be uploaded.
        max_bytes: Of one file.
        body_timeout_s: In which a file must have arrived.
        read_timeout_s: In which it must have been read; the reader's own limits come first for most files.
    """

    dir: Path | None = None
    max_bytes: int = Field(default=50 * 2**20, ge=1_024)
    body_timeout_s: float = Field(default=300.0, gt=0)
    read_timeout_s: float = Field(default=120.0, gt=0)


class OriginalSettings(Frozen):
    """The ``[originals]`` section.

    Attributes:
        serve: Whether readers may open the file a document was read from. It may hold what the reader of
            its format leaves out: hidden sheets, comments, who wrote it.
    """

    serve: bool = True
