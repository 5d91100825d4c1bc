"""What can go wrong with an index. Every message ends with what cures it."""

import errno
from collections.abc import Sequence
from pathlib import Path


class IndexFailure(Exception):  # noqa: N818
    """Base of every error of this layer that is not the caller's own mistake."""

    exit_code = 4


class IndexNotFound(IndexFailure):
    """The folder holds no index that was ever completed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        super().__init__(
            f"no index in {directory}: build one with `jmedqa index build --corpus PATH --out {directory}`"
        )


class IndexMismatch(IndexFailure):
    """The index was built with another part than the one that would read it; its results would be wrong.

    Attributes:
        field: What differs, in the manifest's words: ``"analyzer.dictionary_version"``.
        built_with: The manifest's value.
        asked_for: The value here and now.
    """

    def __init__(self, field: str, built_with: object, asked_for: object, cure: str | None = None) -> None:
        self.field = field
        self.built_with = built_with
        self.asked_for = asked_for
        cure = cure or "run `jmedqa index build` here, or install the version it was built with"
        super().__init__(f"the index was built with {field} {built_with!r}, here it is {asked_for!r}: {cure}")


class IndexBusy(IndexFailure):
    """Another process is building in the same folder."""

    def __init__(self, directory: Path, holder: int | None) -> None:
        self.directory = directory
        self.holder = holder
        who = f"process {holder}" if holder else "another process"
        super().__init__(
            f"{who} is building in {directory}: wait until it ends, or build into another folder"
        )


class IndexCorrupt(IndexFailure):
    """A file of a generation is missing, cut short or changed since it was written."""

    def __init__(self, file: Path, reason: str, cure: str | None = None) -> None:
        self.file = file
        self.reason = reason
        cure = cure or "run `jmedqa index build` with the same --out, or restore the file"
        super().__init__(f"{file} is damaged ({reason}): {cure}")


class IndexUnreadable(IndexCorrupt):
    """A file of an index is there, but the system does not let this process read it."""

    def __init__(self, file: Path, error: OSError) -> None:
        reason = error.strerror or str(error)
        super().__init__(file, reason, "let the user who runs this command read it, or restore the file")


class IndexNotWritten(IndexFailure):
    """The system refused a write, a rename or a sync; the message says what is live now.

    Attributes:
        error: What the system said.
        live: The new generation, where the refusal came after it had been made live; else ``None``.
    """

    def __init__(self, directory: Path, error: OSError, live: str | None = None) -> None:
        self.error = error
        self.live = live
        place = error.filename or directory
        state = (
            f"{live} is live, though after a power cut the one before it may be; both are whole"
            if live
            else "the live index is as it was"
        )
        super().__init__(f"{place}: {error.strerror or error}; {state}: {_write_cure(error, directory)}")


class BuildRefused(IndexFailure):
    """A finished build that its own reader cannot open; it was not made live."""

    def __init__(self, fault: Exception) -> None:
        super().__init__(
            f"the new generation cannot be opened and was not made live; the live index is as it was: {fault}"
        )


class UnknownGeneration(IndexFailure):
    """No generation, or more than one, is meant by that name."""

    def __init__(self, directory: Path, name: str, known: Sequence[str]) -> None:
        what = "several generations begin with" if len(known) > 1 else "no generation is called"
        there = f"there are {', '.join(known)}" if known else "there is none"
        super().__init__(f"{what} {name!r} in {directory}; {there}: name one of them")


class EncoderUnavailable(IndexFailure):
    """The encoder that is asked for cannot run here."""


class RerankerUnavailable(IndexFailure):
    """The reranker that the settings name cannot run here."""


class InvalidTable(IndexFailure):
    """A table of synonyms or a user dictionary cannot be read."""

    def __init__(self, file: Path, line: int, reason: str) -> None:
        self.file = file
        place = f"{file}:{line}" if line else str(file)
        super().__init__(f"{place}: {reason}; see docs/analysis.md for the format")


class UnknownPassage(IndexFailure, KeyError):  # noqa: N818
    """No passage of this generation has that id."""

    def __init__(self, passage_id: str, generation: str) -> None:
        self.passage_id = passage_id
        super().__init__(
            f"no passage {passage_id!r} in generation {generation}: take ids from a search of this generation"
        )

    def __str__(self) -> str:  # KeyError shows the repr of its argument
        return str(self.args[0])


class UnknownDocument(IndexFailure, KeyError):  # noqa: N818
    """No document of this generation has that id."""

    def __init__(self, doc_id: str, generation: str) -> None:
        self.doc_id = doc_id
        super().__init__(f"no document {doc_id!r} in generation {generation}: list those it has")

    def __str__(self) -> str:  # KeyError shows the repr of its argument
        return str(self.args[0])


class InvalidQuery(ValueError):  # noqa: N818
    """The text cannot be searched for: empty, too long, or not encodable."""

    exit_code = 2


def _write_cure(error: OSError, directory: Path) -> str:
    again = "then run the command again"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"free space there (`jmedqa index gc --index {directory}` shows what it can), {again}"
        case errno.EIO:
            return f"check the disk, or build into a folder on another one, {again}"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"let this user write there, {again}"
        case errno.EFBIG:
            return f"lift the limit on the size of files, {again}"
        case _:
            return f"mend that, {again}"
