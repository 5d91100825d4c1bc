"""What reading a corpus did: what was read, what was refused and why, what was folded."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Refusal(NamedTuple):
    """A file, or one document of it, that was not read; ``reason`` says what cures it."""

    path: str
    line: int | None
    reason: str


class Note(NamedTuple):
    """Something of a file that was read but left out: a hidden sheet, a page without text."""

    path: str
    text: str


class Duplicate(NamedTuple):
    """A document that says what an earlier one says.

    Attributes:
        doc_id: The later document.
        kept: The earlier one.
        similarity: Share of common character 5-grams (Jaccard); 1.0 for an exact duplicate.
        folded: Whether the later document was left out of the corpus.
        numbers_differ: The two differ in a number: probably two editions, never safe to fold.
    """

    doc_id: str
    kept: str
    similarity: float
    folded: bool
    numbers_differ: bool = False


@dataclass
class ReadReport:
    """Filled by ``read_corpus`` while its iterator is consumed."""

    files: Counter[str] = field(default_factory=Counter)
    """Files read without a fault, by kind."""
    documents: Counter[str] = field(default_factory=Counter)
    """Documents read, by kind, folded ones included."""
    left_out: int = 0
    """Documents that a leave-out file names."""
    refused: list[Refusal] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    excluded: Counter[str] = field(default_factory=Counter)
    """Files left out by a pattern of ``exclude``, by that pattern."""
    unreadable: Counter[str] = field(default_factory=Counter)
    """Files of a kind that no reader takes, by suffix."""

    def as_json(self) -> dict[str, Any]:
        """Plain values, counts first."""
        return {
            "files": sum(self.files.values()),
            "documents": sum(self.documents.values()),
            "folded": sum(duplicate.folded for duplicate in self.duplicates),
            "left_out": self.left_out,
            "by_kind": {
                kind: {"files": self.files[kind], "documents": self.documents[kind]}
                for kind in sorted(self.files | self.documents)
            },
            "refused": [refusal._asdict() for refusal in self.refused],
            "notes": [note._asdict() for note in self.notes],
            "duplicates": [duplicate._asdict() for duplicate in self.duplicates],
            "excluded": dict(sorted(self.excluded.items())),
            "unreadable": dict(sorted(self.unreadable.items())),
        }
