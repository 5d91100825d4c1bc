"""Evidence made by hand, for tests that need no index."""

from corpora import Passage
from indexer import StoredPassage
from service.answers import Evidence


def evidence(key: str, text: str, *, number: int = 1) -> Evidence:
    passage = Passage(passage_id=f"k~{number}", doc_id="k", text=text, start=0, end=len(text))
    stored = StoredPassage(
        passage=passage,
        title="高カリウム血症",
        source=None,
        licence=None,
        published=None,
        edition=None,
        unreviewed=True,
    )
    return Evidence.of(stored, key=key, query="語", step=1, score=1.0, generation="g")
