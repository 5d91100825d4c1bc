"""Looking at a corpus before it is indexed: what would be read, what not and why."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from corpora.documents import Origin
from corpora.editions import editions
from corpora.errors import CorpusError
from corpora.near_duplicates import NearDuplicates
from corpora.reading import read_corpus
from corpora.reports import Note, ReadReport, Refusal
from corpora.settings import CorpusSettings
from corpora.splitting import split


@dataclass
class Examination:
    """What was found.

    Attributes:
        doc_ids: Of the documents that would be indexed, in reading order.
    """

    report: ReadReport = field(default_factory=ReadReport)
    passages: int = 0
    characters: int = 0
    doc_ids: list[str] = field(default_factory=list)


class _Mark(NamedTuple):
    """What `editions` reads of a document, without its text."""

    doc_id: str
    supersedes: tuple[str, ...]
    origin: Origin | None


def examine(
    paths: Sequence[Path], settings: CorpusSettings, *, root: Path | None = None, elsewhere: bool = False
) -> Examination:
    """Read everything and keep the counts. What cannot be read is in the report, never raised.

    Args:
        root: As of `read_corpus`.
        elsewhere: These are not all the documents there are: one that supersedes an unknown one is no remark.
    """
    found = Examination()
    report, near = found.report, NearDuplicates()
    settings = settings.model_copy(update={"on_error": "report"})
    marks: list[_Mark] = []
    for document in read_corpus(paths, settings, report, root=root):
        marks.append(_Mark(document.doc_id, document.supersedes, document.origin))
        duplicate = near.find(document)
        if duplicate and duplicate.doc_id not in {known.doc_id for known in report.duplicates}:
            report.duplicates.append(duplicate)
        found.passages += len(split(document, settings.split))
        found.characters += len(document.text)
        found.doc_ids.append(document.doc_id)
    _check_editions(marks, report, remark=not elsewhere)
    return found


def _check_editions(marks: Sequence[_Mark], report: ReadReport, *, remark: bool) -> None:
    try:
        found = editions(marks)
    except CorpusError as error:
        report.refused.append(Refusal(str(error.path), error.line, error.reason))
        return
    origins = {mark.doc_id: mark.origin for mark in marks}
    for unknown in found.unknown if remark else ():
        origin = origins[unknown.doc_id]
        report.notes.append(Note(origin.path if origin else ".", str(unknown)))
