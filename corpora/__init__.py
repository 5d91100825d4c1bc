"""Documents and passages: reading, cleaning, splitting, and the starter corpus."""

from corpora.documents import Document, Origin, Passage, Section
from corpora.errors import CorpusError

__all__ = ["CorpusError", "Document", "Origin", "Passage", "Section"]
