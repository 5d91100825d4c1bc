"""XML by its root element: PubMed, JATS, PMDA package inserts, MediaWiki dumps."""

import importlib
from collections.abc import Iterator

from corpora.documents import Document
from corpora.readers import Source
from corpora.safe_xml import root_name

_ROOTS = {
    "PubmedArticleSet": "pubmed",
    "MedlineCitationSet": "pubmed",
    "article": "jats",
    "pmc-articleset": "jats",
    "PackIns": "pmda",
    "mediawiki": "mediawiki",
}


def read(source: Source) -> Iterator[Document]:
    """Yield the documents of the file, by the reader for its root element."""
    root = root_name(source.path)
    if root not in _ROOTS:
        raise ValueError(f"its root element <{root}> is none of those read: {', '.join(_ROOTS)}")
    yield from importlib.import_module(f"corpora.readers.{_ROOTS[root]}").read(source)
