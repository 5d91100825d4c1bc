"""Documents and passages: reading, cleaning, splitting, and the starter corpus."""

from pathlib import Path

from corpora.cleaning import clean
from corpora.documents import Document, Frozen, Locator, Origin, Passage, Section
from corpora.editions import Editions, editions
from corpora.errors import CorpusError
from corpora.reading import read_corpus
from corpora.reports import ReadReport
from corpora.sentences import sentences
from corpora.settings import CorpusSettings, JsonlFields, SplitSettings
from corpora.splitting import split

STARTER = Path(__file__).parent / "starter"
"""The starter corpus: newly written, not clinically reviewed (its SOURCES.md)."""

__all__ = [
    "STARTER",
    "CorpusError",
    "CorpusSettings",
    "Document",
    "Editions",
    "Frozen",
    "JsonlFields",
    "Locator",
    "Origin",
    "Passage",
    "ReadReport",
    "Section",
    "SplitSettings",
    "clean",
    "editions",
    "read_corpus",
    "sentences",
    "split",
]
