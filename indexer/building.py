"""Building an index: documents in, one new live generation out.

What has not changed is not computed again: passages whose indexed text stands in the live generation
bring their terms and vectors along, as long as the analyzer and the encoder are the same.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from corpora import Document
from indexer import dense, engines
from indexer.analyzer import Analyzer, MeCabAnalyzer
from indexer.bigrams import bigrams
from indexer.contents import Contents, read_contents
from indexer.document_table import FOLDER, write_documents
from indexer.encoders import Encoder, make_encoder
from indexer.encoding import passage_vectors
from indexer.errors import IndexFailure
from indexer.generations import build_folder, current_name, publish
from indexer.hybrid import SYNONYMS, HybridIndex
from indexer.journal import VectorJournal
from indexer.lexical import Bag
from indexer.manifest import FORMAT_VERSION, Counts, Manifest, record_files, write_manifest
from indexer.passages import content_hash, indexed_text, write_passages
from indexer.progress import BuildProgress, Progress
from indexer.pruning import prune
from indexer.settings import AnalysisSettings, IndexSettings
from indexer.synonyms import SHIPPED, Synonyms
from indexer.terms import PassageTerms
from indexer.upkeep import check_built


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

    Until the last step the live generation is untouched, whatever happens. What a killed build had encoded
    is not encoded again.

    Args:
        encoder: Instead of the one that ``settings.encoder`` names.

    Raises:
        CorpusError: If two documents share an id, there is none, or some supersede each other in a circle;
            or from reading ``documents``.
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
        contents = read_contents(
            documents, settings.split, lambda count: report(BuildProgress("read", count, None))
        )
        earlier = _live(out, analyzer, encoder)
        try:
            parts = Parts(settings, analyzer, encoder, tables, earlier)
            return make_generation(out, folder, contents, parts, contents.notes(), began, report)
        finally:
            if earlier is not None:
                earlier.close()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a generation is made with.

    Attributes:
        tables: The tables of synonyms, in the order they are read.
        earlier: The generation whose terms and vectors are brought along; the caller closes it.
    """

    settings: IndexSettings
    analyzer: Analyzer
    encoder: Encoder
    tables: Sequence[bytes]
    earlier: HybridIndex | None


def make_generation(
    out: Path,
    folder: Path,
    contents: Contents,
    parts: Parts,
    notes: tuple[str, ...],
    began: float,
    report: Progress,
) -> Manifest:
    """Compute, write and publish a generation in ``folder``; the caller is the builder of ``out``.

    Args:
        began: When the work began, on the monotonic clock, in seconds.
    """
    analyzer, encoder, earlier = parts.analyzer, parts.encoder, parts.earlier
    texts = [indexed_text(passage) for passage in contents.passages]
    hashes = [content_hash(text) for text in texts]
    settings = parts.settings.model_copy(
        update={
            "lexical": engines.resolved(parts.settings.lexical, len(texts)),
            "dense": dense.resolved(parts.settings.dense, len(texts)),
        }
    )
    write_documents(folder / FOLDER, contents.documents, contents.editions.superseded_by)
    ids = write_passages(folder, contents.passages, hashes)
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
    bags = _counted(terms, len(texts), report)
    engines.write_lexical(folder / "lexical", ids, bags, settings.lexical)
    engines.write_lexical(folder / "bigrams", ids, grams.bags(), settings.lexical)
    with VectorJournal(out, encoder.dim) as journal:
        vectors = passage_vectors(
            texts,
            hashes,
            encoder,
            earlier=earlier,
            files=settings.vectors,
            journal=journal,
            batch_size=settings.encoder.batch_size,
            report=report,
        )
        report(BuildProgress("write", 0, None))
        _write_tables(folder / SYNONYMS, parts.tables)
        dense.DenseIndex.build(ids, vectors.rows, settings.dense).save(folder / "dense")
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            generation=folder.name,
            replaces=_live_name(out),
            created=datetime.now(UTC).replace(microsecond=0),
            build_seconds=round(time.monotonic() - began, 3),
            corpora=contents.records(),
            counts=Counts(
                documents=len(contents.documents),
                superseded=len(contents.editions.superseded_by),
                passages=len(texts),
                characters=sum(len(passage.text) for passage in contents.passages),
                analysed=terms.analysed,
                encoded=vectors.encoded,
                reused_vectors=vectors.reused,
                imported_vectors=vectors.imported,
                resumed_vectors=vectors.resumed,
            ),
            analyzer=analyzer.identity,
            encoder=encoder.identity,
            settings=settings,
            notes=notes,
            files=record_files(folder),
        )
        write_manifest(folder, manifest)
        check_built(folder, manifest, analyzer, encoder)
        if earlier is not None:
            earlier.close()  # or pruning would pass it over
        publish(out, folder)
        journal.remove()
    prune(out, settings.keep)
    report(BuildProgress("write", len(manifest.files), len(manifest.files)))
    return manifest


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
    for number, table in enumerate(tables):
        folder.mkdir(exist_ok=True)
        (folder / f"{number:03d}.tsv").write_bytes(table)


def _counted(terms: PassageTerms, total: int, report: Progress) -> Iterator[Bag]:
    """The bags as they come; every hundredth is reported."""
    for number, bag in enumerate(terms.bags(), start=1):
        yield bag
        if number % 100 == 0 or number == total:
            report(BuildProgress("analyse", number, total, total - terms.analysed))
