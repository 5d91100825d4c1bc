"""Which reader takes which file, by the end of its name."""

from pathlib import Path
from typing import NamedTuple


class Kind(NamedTuple):
    """A format that is read.

    Attributes:
        module: Of ``corpora.readers``; imported in the worker process alone. ``None`` for Markdown and
            JSON lines, which are read in this process: their parsers are pure Python over text of bounded
            lines, and a JSON corpus of a million documents must not pay for a pipe.
    """

    name: str
    module: str | None


_SUFFIXES = {
    ".md": Kind("markdown", None),
    ".markdown": Kind("markdown", None),
    ".jsonl": Kind("jsonl", None),
    ".jsonl.gz": Kind("jsonl", None),
    ".pdf": Kind("pdf", "pdf"),
    ".docx": Kind("docx", "word"),
    ".pptx": Kind("pptx", "slides"),
    ".xlsx": Kind("xlsx", "workbook"),
    ".csv": Kind("csv", "delimited"),
    ".tsv": Kind("csv", "delimited"),
    ".html": Kind("html", "web"),
    ".htm": Kind("html", "web"),
    ".txt": Kind("text", "plain"),
    ".xml": Kind("xml", "xml"),
    ".nxml": Kind("xml", "xml"),
    ".xml.gz": Kind("xml", "xml"),
    ".xml.bz2": Kind("xml", "xml"),
}

READABLE = tuple(_SUFFIXES)
"""Ends of the names of the files that are read."""

_CURES = {
    ".doc": "save it as .docx",
    ".ppt": "save it as .pptx",
    ".xls": "save it as .xlsx",
    ".xlsm": "save it as .xlsx",
    ".docm": "save it as .docx",
    ".rtf": "save it as .docx",
    ".odt": "save it as .docx",
    ".zip": "unpack it first",
    ".sgm": "ask for the XML form",
    ".sgml": "ask for the XML form",
}


def suffix_of(path: Path) -> str:
    """The end of the name that decides the reader, or an empty string."""
    name = path.name.lower()
    return next((suffix for suffix in sorted(_SUFFIXES, key=len, reverse=True) if name.endswith(suffix)), "")


def kind_of(path: Path) -> Kind | None:
    """The kind of a file, ``None`` where no reader takes it."""
    return _SUFFIXES.get(suffix_of(path))


def cure_for(path: Path) -> str:
    """What to do with a file that no reader takes."""
    return _CURES.get(path.suffix.lower(), f"readable: {', '.join(READABLE)}")
