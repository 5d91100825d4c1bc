"""Building an index: documents in, one new live generation out.

What has not changed is not computed again: passages whose indexed text stands in the live generation
bring their terms and vectors along, as long as the analyzer and the encoder are the same.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corpora import CorpusError, Document, split
from indexer import dense, engines
from indexer.analyzer import Analyzer, MeCabAnalyzer
from indexer.bigrams import bigrams
from indexer.encoders import Encoder, make_encoder
from indexer.errors import IndexFailure
from indexer.generations import build_folder, current_name, publish
from indexer.hybrid import SYNONYMS, HybridIndex
from indexer.lexical import Bag
from indexer.manifest import (
    FORMAT_VERSION,
    CorpusRecord,
    Counts,
    Manifest,
    record_files,
    write_manifest,
)
from indexer.passages import StoredPassage, content_hash, indexed_text, write_passages
from indexer.pruning import prune
from indexer.settings import AnalysisSettings, IndexSettings
from indexer.synonyms import SHIPPED, Synonyms
from indexer.terms import PassageTerms
from indexer.upkeep import check_built
from indexer.vectors import read_vectors, vector_key

Stage = Literal["read", "analyse", "encode", "write"]


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """How far a build is.

    Attributes:
        done: Documents read, passages analysed, texts encoded, or files written.
        total: Of the same; ``None`` while reading.
        reused: Of ``done``, what the live generation or a file of vectors had.
    """

    stage: Stage
    done: int
    total: int | None
    reused: int = 0


Progress = Callable[[BuildProgress], None]


def build_index(
    documents: Iterable[Document],
    out: Path,
    settings: IndexSettings | None = None,
    *,
    progress: Progress | None = None,
    analyzer: Analyzer | None = None,
    encoder: Encoder | None = None,
) -> Manifest:
    """Build a generation from ``documents`` and make it the live one of ``out``.

    Until the last step the live generation is untouched, whatever happens.

    Args:
        encoder: Instead of the one that ``settings.encoder`` names.

    Raises:
        CorpusError: If two documents share an id, or there is none; or from reading ``documents``.
        IndexBusy: If another process is building in ``out``.
        InvalidTable: If a table of synonyms or the user dictionary cannot be read.
        IndexCorrupt: If a file of ``settings.vectors`` cannot be read.
        EncoderUnavailable: If the encoder cannot run here.
        IndexNotWritten: If the system refuses a write (disk full, disk fault, no right to).
        BuildRefused: If what was built cannot be opened.
    """
    settings = settings or IndexSettings()
    report: Progress = progress or (lambda _: None)
    analyzer = analyzer or MeCabAnalyzer(settings.analysis.user_dictionary)
    encoder = encoder or make_encoder(settings.encoder)
    tables = _tables(settings.analysis)
    began = time.monotonic()

    with build_folder(out) as folder:
        corpus = _read(documents, settings, report)
        texts = [indexed_text(stored.passage) for stored in corpus.passages]
        hashes = [content_hash(text) for text in texts]
        earlier = _live(out, analyzer, encoder)
        ids = write_passages(folder, corpus.passages, hashes)
        terms, grams = (
            PassageTerms(
                texts,
                hashes,
                terms_of,
                (earlier.passages.hashes, field) if earlier and field else None,
                processes=settings.processes,
            )
            for terms_of, field in (
                (analyzer.terms, earlier and earlier.lexical),
                (bigrams, earlier and earlier.bigrams),
            )
        )
        settings = settings.model_copy(
            update={
                "lexical": engines.resolved(settings.lexical, len(ids)),
                "dense": dense.resolved(settings.dense, len(ids)),
            }
        )
        try:
            bags = _counted(terms, len(texts), report)
            engines.write_lexical(folder / "lexical", ids, bags, settings.lexical)
            engines.write_lexical(folder / "bigrams", ids, grams.bags(), settings.lexical)
            vectors, encoded, reused, imported = _vectors(texts, hashes, encoder, earlier, settings, report)
        finally:
            if earlier is not None:
                earlier.close()

        report(BuildProgress("write", 0, None))
        _write_tables(folder / SYNONYMS, tables)
        dense.DenseIndex.build(ids, vectors, settings.dense).save(folder / "dense")
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            generation=folder.name,
            replaces=_live_name(out),
            created=datetime.now(UTC).replace(microsecond=0),
            build_seconds=round(time.monotonic() - began, 3),
            corpora=corpus.records,
            counts=Counts(
                documents=corpus.documents,
                passages=len(texts),
                characters=sum(len(stored.passage.text) for stored in corpus.passages),
                analysed=terms.analysed,
                encoded=encoded,
                reused_vectors=reused,
                imported_vectors=imported,
            ),
            analyzer=analyzer.identity,
            encoder=encoder.identity,
            settings=settings,
            files=record_files(folder),
        )
        write_manifest(folder, manifest)
        check_built(folder, manifest, analyzer, encoder)
        publish(out, folder)
        prune(out, settings.keep)
        report(BuildProgress("write", len(manifest.files), len(manifest.files)))
        return manifest


@dataclass(frozen=True, slots=True)
class _Corpus:
    documents: int
    passages: list[StoredPassage]  # sorted by passage id
    records: tuple[CorpusRecord, ...]


def _read(documents: Iterable[Document], settings: IndexSettings, report: Progress) -> _Corpus:
    origins: dict[str, str] = {}
    hashes: dict[str, list[str]] = {}
    by_id: dict[str, StoredPassage] = {}
    for document in documents:
        origin = document.origin
        path, line = (origin.path, origin.line) if origin else ("", None)
        place = f"{path}:{line}" if line is not None else path or "the caller"
        if document.doc_id in origins:
            raise CorpusError(
                path or ".",
                line,
                f"the id {document.doc_id!r} is also that of {origins[document.doc_id]}; ids must differ",
            )
        origins[document.doc_id] = place
        hashes.setdefault(path, []).append(origin.sha256 if origin else content_hash(document.text).hex())
        for passage in split(document, settings.split):
            if passage.passage_id in by_id:
                other = by_id[passage.passage_id].passage.doc_id
                raise CorpusError(
                    path or ".",
                    line,
                    f"the passage id {passage.passage_id!r} is also made by document {other!r} "
                    f"({origins[other]}); rename one",
                )
            by_id[passage.passage_id] = StoredPassage.of(passage, document)
        report(BuildProgress("read", len(origins), None))
    if not by_id:
        raise CorpusError(".", None, "no document at all; an empty index would hide that nothing was read")
    return _Corpus(
        documents=len(origins),
        passages=[by_id[passage_id] for passage_id in sorted(by_id)],
        records=tuple(
            CorpusRecord(
                path=path,
                documents=len(parts),
                sha256=parts[0] if len(parts) == 1 else sha256("\n".join(parts).encode()).hexdigest(),
            )
            for path, parts in hashes.items()
        ),
    )


def _live(out: Path, analyzer: Analyzer, encoder: Encoder) -> HybridIndex | None:
    """The generation to reuse from; any fault of it only means that all is computed anew."""
    try:
        return HybridIndex.open(out, analyzer=analyzer, encoder=encoder, verify=True)
    except IndexFailure:
        return None


def _live_name(out: Path) -> str | None:
    try:
        return current_name(out)
    except IndexFailure:
        return None


def _tables(analysis: AnalysisSettings) -> list[bytes]:
    """The tables of synonyms in the order they are read; raises :class:`InvalidTable` for a malformed one."""
    files = [*([SHIPPED] if analysis.shipped_synonyms else []), *analysis.synonyms]
    Synonyms.load(files)
    return [file.read_bytes() for file in files]


def _write_tables(folder: Path, tables: Sequence[bytes]) -> None:
    """Keep the tables with the index, numbered, so that it expands queries the same wherever it is opened."""
    folder.mkdir()
    for number, table in enumerate(tables):
        (folder / f"{number:03d}.tsv").write_bytes(table)


def _counted(terms: PassageTerms, total: int, report: Progress) -> Iterator[Bag]:
    """The bags as they come; every hundredth is reported."""
    for number, bag in enumerate(terms.bags(), start=1):
        yield bag
        if number % 100 == 0 or number == total:
            report(BuildProgress("analyse", number, total, total - terms.analysed))


def _vectors(
    texts: Sequence[str],
    hashes: Sequence[bytes],
    encoder: Encoder,
    earlier: HybridIndex | None,
    settings: IndexSettings,
    report: Progress,
) -> tuple[NDArray[np.float32], int, int, int]:
    """Rows in the order of ``texts``; how many distinct ones were encoded, reused and imported."""
    distinct = dict(zip(hashes, texts, strict=True))
    found: dict[bytes, NDArray[np.float32]] = {}
    if earlier is not None:
        before = zip(_rows(earlier.passages.hashes), earlier.dense.vectors(), strict=True)
        found = {content: vector for content, vector in before if content in distinct}
    reused = len(found)
    if settings.vectors:
        keys = {
            vector_key(encoder.identity, content): content for content in distinct if content not in found
        }
        imports = read_vectors(settings.vectors, set(keys), encoder.dim)
        found.update((keys[key], vector) for key, vector in imports.items())
    imported = len(found) - reused
    missing = [content for content in distinct if content not in found]
    report(BuildProgress("encode", len(found), len(distinct), len(found)))
    size = settings.encoder.batch_size
    for start in range(0, len(missing), size):
        batch = missing[start : start + size]
        found.update(zip(batch, encoder.encode_passages([distinct[item] for item in batch]), strict=True))
        report(BuildProgress("encode", len(found), len(distinct), reused + imported))
    return np.stack([found[content] for content in hashes]), len(missing), reused, imported


def _rows(hashes: NDArray[np.uint8]) -> Iterator[bytes]:
    return (row.tobytes() for row in hashes)
