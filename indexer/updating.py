"""Changing an index by document: the live generation's passages, less some, plus some, as a new generation.

The corpus need not be at hand: passages that stay are taken from the live generation, with their terms and
vectors. What is new is encoded before anything is swapped, so a change is there as a whole or not at all.
"""

import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from corpora import CorpusError, Document
from indexer.analyzer import Analyzer
from indexer.building import Parts, make_generation
from indexer.contents import Contents, Gathering, shortened
from indexer.encoders import Encoder
from indexer.generations import build_folder, current_name
from indexer.hybrid import SYNONYMS, HybridIndex
from indexer.manifest import Manifest
from indexer.progress import Progress


def update_index(
    out: Path,
    *,
    add: Iterable[Document] = (),
    replace: Iterable[Document] = (),
    remove: Iterable[str] = (),
    progress: Progress | None = None,
    analyzer: Analyzer | None = None,
    encoder: Encoder | None = None,
) -> Manifest:
    """Make a generation of the live one of ``out`` and the changes, and make it the live one.

    Settings, tables of synonyms and the encoder are those of the live generation. A build under way
    excludes a change and the other way round, so that neither loses what the other did.

    Args:
        add: Documents whose ids the index has not.
        replace: Documents whose ids it has; replacing by the same text computes nothing anew.
        remove: Ids of documents.
        encoder: Instead of the one the manifest names.

    Raises:
        CorpusError: If an id is taken, or unknown, as above; if no document would be left; or if documents
            would supersede each other in a circle. The index is as it was.
        IndexNotFound: If there is none.
        IndexBusy: If another process is building in ``out``.
        IndexCorrupt, IndexMismatch: If the live generation is damaged or not readable here: it has to be
            built from the corpus.
        EncoderUnavailable: If the encoder cannot run here.
    """
    current_name(out)  # before anything is written: a misspelt folder must not come into being
    began = time.monotonic()
    with (
        build_folder(out) as folder,
        HybridIndex.open(out, analyzer=analyzer, encoder=encoder, verify=True, fall_back=False) as live,
    ):
        contents = _changed(live, list(add), list(replace), set(remove))
        files = sorted(name for name in live.manifest.files if name.startswith(f"{SYNONYMS}/"))
        parts = Parts(
            live.manifest.settings.model_copy(update={"vectors": ()}),
            live.analyzer,
            live.encoder,
            [(out / "generations" / live.generation / file).read_bytes() for file in files],
            live,
        )
        notes = contents.notes() + _current_again(live, contents)
        return make_generation(out, folder, contents, parts, notes, began, progress or (lambda _: None))


def _changed(
    live: HybridIndex, added: list[Document], replaced: list[Document], removed: set[str]
) -> Contents:
    passages = live.passages
    for document in added:
        if passages.documents.ids.find(document.doc_id) >= 0:
            raise _error(document, "is in the index already: use `jmedqa index replace`")
    for document in replaced:
        if passages.documents.ids.find(document.doc_id) < 0:
            raise _error(
                document, "is not in the index: use `jmedqa index add`, or name the --root of its id"
            )
    unknown = sorted(doc_id for doc_id in removed if passages.documents.ids.find(doc_id) < 0)
    if unknown:
        named = ", ".join(map(repr, unknown[:5])) + (" …" if len(unknown) > 5 else "")
        raise CorpusError(
            ".", None, f"the index has no document {named}: take ids from `jmedqa index search`"
        )
    going = removed.union(document.doc_id for document in replaced)
    gathering = Gathering(live.manifest.settings.split)
    order = np.argsort(passages.document_rows, kind="stable")
    starts = np.searchsorted(passages.document_rows[order], np.arange(len(passages.documents) + 1))
    for row, doc_id in enumerate(passages.documents.ids):
        if doc_id not in going:
            rows = order[starts[row] : starts[row + 1]].tolist()
            gathering.keep(passages.documents.get(row), map(passages.passage, rows))
    for document in (*replaced, *added):
        gathering.add(document)
    return gathering.contents()


def _current_again(live: HybridIndex, contents: Contents) -> tuple[str, ...]:
    """Old editions that come up again because what superseded them went: seldom what is wanted."""
    there = {document.doc_id for document in contents.documents}
    again = [
        doc_id
        for doc_id in live.passages.documents.superseded()
        if doc_id in there and doc_id not in contents.editions.superseded_by
    ]
    return shortened([f"{doc_id!r} is current again: nothing supersedes it any more" for doc_id in again])


def _error(document: Document, reason: str) -> CorpusError:
    origin = document.origin
    path, line = (origin.path, origin.line) if origin else (".", None)
    return CorpusError(path, line, f"document {document.doc_id!r} {reason}")
