"""One module a format, each with ``read(source)``: the documents of one file.

A reader raises ``ValueError`` with the reason and the cure; the worker process adds the path. Which
module takes which file is decided by ``corpora.kinds``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from corpora.documents import Document, Origin
from corpora.settings import CorpusSettings


@dataclass(frozen=True)
class Source:
    """One file as a reader gets it.

    Attributes:
        doc_id: For a document that names no id itself.
        sha256: Of the file's bytes.
        note: Tells the report what was left out of a file that is read.
        renew: Begins a new document of a file that holds many: limits count from there.
    """

    path: Path
    doc_id: str
    sha256: str
    settings: CorpusSettings
    note: Callable[[str], None] = field(default=lambda text: None)
    renew: Callable[[], None] = field(default=lambda: None)

    @property
    def origin(self) -> Origin:
        """The origin of a document that is the whole file."""
        return Origin(path=str(self.path), sha256=self.sha256)


Reader = Callable[[Source], Iterator[Document]]
