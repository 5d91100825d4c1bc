"""``jmedqa index add | replace | remove``: change an index by document, without its whole corpus."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from corpora import CorpusSettings, Document, read_corpus
from indexer.manifest import Manifest
from indexer.terminal import IndexOption, JsonOption, exit_codes, print_json, progress_bars, say, stderr
from indexer.updating import update_index

Paths = Annotated[list[Path], typer.Argument(help="Files or folders, of any kind that `build` reads.")]
RootOption = Annotated[
    Path | None,
    typer.Option(
        "--root",
        help="The folder that was built from: documents without an id are named by their path below it.",
    ),
]
SourceOption = Annotated[str | None, typer.Option(help="Of documents that name no source.")]
LicenceOption = Annotated[str | None, typer.Option(help="Of documents that name no licence.")]


def add(
    paths: Paths,
    index: IndexOption,
    root: RootOption = None,
    source: SourceOption = None,
    licence: LicenceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add documents that the index has not. A later `build` holds what its corpus holds, and no more."""
    with exit_codes():
        documents = _read(paths, root, source, licence)
        with progress_bars() as report:
            manifest = update_index(index, add=documents, progress=report)
        _tell(manifest, f"added {len(documents)}", as_json)


def replace(
    paths: Paths,
    index: IndexOption,
    root: RootOption = None,
    source: SourceOption = None,
    licence: LicenceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replace documents by those of the same ids. Doing it again changes nothing."""
    with exit_codes():
        documents = _read(paths, root, source, licence)
        with progress_bars() as report:
            manifest = update_index(index, replace=documents, progress=report)
        _tell(manifest, f"replaced {len(documents)}", as_json)


def remove(
    doc_ids: Annotated[list[str], typer.Argument(help="Ids of documents.")],
    index: IndexOption,
    as_json: JsonOption = False,
) -> None:
    """Remove documents. Their passages can no longer be opened, old citations of them included."""
    with exit_codes():
        manifest = update_index(index, remove=doc_ids)
        _tell(manifest, f"removed {len(set(doc_ids))}", as_json)


def _read(paths: list[Path], root: Path | None, source: str | None, licence: str | None) -> list[Document]:
    return list(read_corpus(paths, CorpusSettings(source=source, licence=licence), root=root))


def _tell(manifest: Manifest, done: str, as_json: bool) -> None:
    counts = manifest.counts
    say(
        f"{manifest.generation}: {done}; {counts.documents} documents, {counts.passages} passages in "
        f"{manifest.build_seconds:.1f} s; analysed {counts.analysed}, encoded {counts.encoded}"
    )
    for note in manifest.notes:
        stderr.print(f"[yellow]note:[/yellow] {escape(note)}", highlight=False)
    if as_json:
        print_json(manifest.model_dump(mode="json"))
