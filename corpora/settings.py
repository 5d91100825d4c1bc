"""What a corpus is read from and how it is cut; values come from the configuration of the job."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from corpora.documents import Frozen


class JsonlFields(Frozen):
    """The field of a JSON line that holds each part of a document.

    ``id`` and ``text`` must be there in every line; the others may be absent or null. Fields that no
    name points to are ignored.
    """

    id: str = "id"
    text: str = "text"
    title: str = "title"
    source: str = "source"
    licence: str = "licence"
    published: str = "published"
    edition: str = "edition"
    language: str = "language"
    supersedes: str = "supersedes"
    tags: str = "tags"


class SplitSettings(Frozen):
    """How long a passage may be.

    Attributes:
        max_width: In full-width characters (an ASCII character counts a third). 600 are about 400
            tokens of multilingual-e5, whose window holds 512 with the heading path.
    """

    max_width: int = Field(default=600, ge=40, le=20_000)


class ReaderLimits(Frozen):
    """What one foreign file may cost: one file, or one document of a file that holds many.

    Attributes:
        memory_mib: Address space of the process that reads.
        cpu_s: Processor time.
        silence_s: Wall time without an answer: a reader that waits instead of computing.
    """

    memory_mib: int = Field(default=1024, ge=256)
    cpu_s: int = Field(default=30, ge=1)
    silence_s: float = Field(default=90, gt=0)


class CorpusSettings(Frozen):
    """One corpus: where it lies and how it is read.

    Attributes:
        paths: Files of any readable kind, or folders that hold them at any depth.
        exclude: Shell patterns; a file of a folder whose name matches one is not a document.
        optional: A path that does not exist, or holds nothing that is read, is no fault: a folder that files
            are uploaded into, before the first.
        leave_out: Files of document ids, one a line (``#`` begins a comment): documents that must not be in
            the index, because a benchmark task would find its own answers there.
        jsonl: Field names of the JSON lines.
        source: Name of the source, for documents that state none.
        licence: Licence of the text, for documents that state none.
        limits: For the process that reads PDF, Office, HTML, XML and text files.
        on_error: ``stop`` at the first file that cannot be read, so that no index lacks a document
            unnoticed; or ``report`` it and read the others.
        duplicates: ``fold`` leaves out a document whose text an earlier one has letter by letter (white
            space and punctuation aside), where it is named by its place; documents with an id of their
            own are kept, because an id is a promise that it can be cited. ``keep`` keeps all.
    """

    paths: tuple[Path, ...] = ()
    exclude: tuple[str, ...] = ("README*.md", "SOURCES*.md", "CHANGES*.md", ".*")
    optional: bool = False
    leave_out: tuple[Path, ...] = ()
    jsonl: JsonlFields = JsonlFields()
    split: SplitSettings = SplitSettings()
    source: str | None = None
    licence: str | None = None
    limits: ReaderLimits = ReaderLimits()
    on_error: Literal["stop", "report"] = "stop"
    duplicates: Literal["fold", "keep"] = "fold"
