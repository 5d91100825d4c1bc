"""``jmedqa index``: build, info, search, tune, export-vectors; the rest is in ``indexer/cli_*.py``.

Exit codes: 2 a bad request (configuration, query), 3 the corpus, 4 the index. Data goes to stdout (JSON where
``--json`` asks for it, the hits of a search), all else to stderr, tables for people included.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from corpora import STARTER, CorpusSettings, Document, read_corpus
from indexer import cli_documents, cli_generations
from indexer.build_config import read_build_job
from indexer.building import build_index
from indexer.filtering import FIELDS, parse_filters
from indexer.generations import current_name, names
from indexer.hits import Filters, Hit, Mode, SearchResult
from indexer.hybrid import HybridIndex
from indexer.judging import read_qrels
from indexer.manifest import Manifest, read_manifest
from indexer.progress_lines import progress_lines
from indexer.runs import Unit, read_queries, run_lines, search_units
from indexer.settings import BuildJob, IndexSettings
from indexer.terminal import (
    BadRequest,
    IndexOption,
    JsonOption,
    LinesOption,
    exit_codes,
    print_json,
    progress_bars,
    stderr,
)
from indexer.tuning import toml_lines, tune
from indexer.vectors import export_vectors

app = typer.Typer(
    help="Build, search and look after the index. stdout is for data; messages and tables go to stderr.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SHIPPED_VECTORS = "vectors.npz"
"""A corpus folder may bring the vectors of its own passages under this name."""


class ModeOption(StrEnum):
    hybrid = "hybrid"
    lexical = "lexical"
    bigram = "bigram"
    dense = "dense"


class UnitOption(StrEnum):
    document = "document"
    passage = "passage"


VerifyOption = Annotated[bool, typer.Option("--verify", help="Check every file's checksum first.")]
FilterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--filter", metavar="FIELD=VALUE", help=f"Only what passes; repeatable. Fields: {', '.join(FIELDS)}."
    ),
]


@app.command()
def build(
    out: Annotated[Path, typer.Option("--out", help="Folder of the index; its live generation is replaced.")],
    config: Annotated[Path | None, typer.Option("--config", help="TOML with [[corpus]] and [index].")] = None,
    corpus: Annotated[
        list[Path] | None,
        typer.Option("--corpus", help="A JSONL or Markdown file, or a folder of them; repeatable."),
    ] = None,
    as_json: JsonOption = False,
    as_lines: LinesOption = False,
) -> None:
    """Build a new generation and make it the live one. Unchanged passages are not computed again."""
    with exit_codes():
        if as_lines:
            with progress_lines() as lines:
                job = _job(config, corpus or [])
                manifest = build_index(_documents(job), out, job.index, progress=lines)
                lines.result = told(manifest)
            return
        job = _job(config, corpus or [])
        with progress_bars() as report:
            manifest = build_index(_documents(job), out, job.index, progress=report)
        counts = manifest.counts
        stderr.print(
            f"{manifest.generation}: {counts.documents} documents, {counts.passages} passages in "
            f"{manifest.build_seconds:.1f} s; encoded {counts.encoded}, reused {counts.reused_vectors}, "
            f"imported {counts.imported_vectors}",
            highlight=False,
        )
        for note in manifest.notes:
            stderr.print(f"[yellow]note:[/yellow] {escape(note)}", highlight=False)
        if as_json:
            print_json(manifest.model_dump(mode="json"))


@app.command()
def info(index: IndexOption, as_json: JsonOption = False) -> None:
    """Say what the live generation was built from and with: a table on stderr, or data with --json."""
    with exit_codes():
        name = current_name(index)
        manifest = read_manifest(index / "generations" / name)
        if as_json:
            data = manifest.model_dump(mode="json")
            print_json(data | {"generations": names(index), "bytes": _size(manifest)})
            return
        table = Table(show_header=False, box=None)
        encoder, analyzer, counts = manifest.encoder, manifest.analyzer, manifest.counts
        for field, value in (
            ("generation", f"{name} (of {len(names(index))} kept)"),
            ("built", f"{manifest.created:%Y-%m-%d %H:%M:%S} UTC in {manifest.build_seconds:.1f} s"),
            (
                "documents",
                f"{counts.documents:,} ({counts.superseded:,} superseded)",
            ),
            ("passages", f"{counts.passages:,}, {counts.characters:,} characters"),
            ("analyzer", f"{analyzer.name}, {analyzer.dictionary} {analyzer.dictionary_version}"),
            ("encoder", f"{encoder.name}, {encoder.model} {encoder.version[:12]}, {encoder.dim} dimensions"),
            ("engine", manifest.settings.lexical.engine),
            ("size", f"{_size(manifest) / 1e6:,.1f} MB"),
        ):
            table.add_row(field, escape(value))
        stderr.print(table)


@app.command()
def search(
    index: IndexOption,
    query: Annotated[str | None, typer.Argument(help="The question.")] = None,
    mode: Annotated[ModeOption, typer.Option("--mode")] = ModeOption.hybrid,
    k: Annotated[int, typer.Option("--k", min=1, max=10_000, help="How many hits.")] = 10,
    queries: Annotated[Path | None, typer.Option("--queries", help='Lines of {"id", "text"}.')] = None,
    run: Annotated[Path | None, typer.Option("--run", help="Write a TREC run; its tag is the mode.")] = None,
    unit: Annotated[
        UnitOption, typer.Option("--unit", help="What a run ranks; a document counts by its best passage.")
    ] = UnitOption.document,
    conditions: FilterOption = None,
    verify: VerifyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Search with one question, or with a file of queries into a TREC run."""
    chosen: Mode = mode.value
    with exit_codes():
        if (query is None) == (queries is None):
            raise BadRequest("give either a question, or --queries FILE with --run OUT")
        if (queries is None) != (run is None):
            raise BadRequest("--queries and --run belong together")
        filters = parse_filters(conditions or ())
        if queries is not None and run is not None:
            _batch(index, queries, run, k, chosen, unit.value, filters, verify)
            return
        assert query is not None
        with HybridIndex.open(index, verify=verify) as opened:
            _warn(opened)
            result = opened.search(query, k, filters, mode=chosen)
            if as_json:
                print_json(_as_data(opened, result))
            else:
                _print_hits(opened, result)


@app.command("tune")
def tune_weights(
    index: IndexOption,
    queries: Annotated[Path, typer.Option("--queries", help='Lines of {"id", "text"}.')],
    qrels: Annotated[Path, typer.Option("--qrels", help="TREC judgements: query 0 document relevance.")],
    unit: Annotated[UnitOption, typer.Option("--unit", help="What was judged.")] = UnitOption.document,
    as_json: JsonOption = False,
) -> None:
    """Fit the fusion's weights to judged queries; print lines for the configuration, change nothing."""
    with exit_codes():
        asked, grades = read_queries(queries), read_qrels(qrels)
        with HybridIndex.open(index) as opened:
            _warn(opened)
            opened.reranker = None  # it would order the hits anew whatever the weights are
            outcomes = tune(opened, asked, grades, unit.value)
        if as_json:
            print_json([one.model_dump() | {"weights": one.weights} for one in outcomes])
            return
        for one in outcomes:
            stderr.print(
                f"{one.language}: {one.queries} judged queries; on the {one.held_out} held out, nDCG@10 "
                f"{one.default_ndcg:.4f} with {one.default}, {one.best_ndcg:.4f} with {one.best}, "
                f"p = {one.p_value:.4f}: {'adopted' if one.adopted else 'the weights in force stay'}",
                highlight=False,
                markup=False,
            )
        typer.echo("\n".join(toml_lines(outcomes)))


@app.command("export-vectors")
def export(
    index: IndexOption,
    out: Annotated[Path, typer.Option("--out", help="The .npz file to write.")],
    verify: VerifyOption = False,
) -> None:
    """Write the index's vectors (float16, keyed by content) for other builds to use."""
    with exit_codes(), HybridIndex.open(index, verify=verify) as opened:
        _warn(opened)
        try:
            count = export_vectors(opened, out)
        except OSError as error:
            raise BadRequest(f"{out} cannot be written: {error.strerror}") from error
        stderr.print(f"{count} vectors in {out}", highlight=False)


@app.command()
def quantize(
    model: Annotated[str, typer.Argument(help="A sentence-transformers directory, or a name on the hub.")],
    out: Annotated[Path, typer.Option("--out", help="The directory to make.")],
    query_prompt: Annotated[
        str | None, typer.Option(help="As of the encoder; the model's own if left out.")
    ] = None,
    passage_prompt: Annotated[str | None, typer.Option(help="Likewise.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the 8-bit form of an encoder, several times faster on a CPU; checked on the starter corpus."""
    with exit_codes():
        if out.exists():
            raise BadRequest(f"{out} is there already: name a new directory")
        from indexer.quantising import quantise

        texts = [document.text[:600] for document in read_corpus([STARTER])][::4]
        card = quantise(model, out, texts, query_prompt=query_prompt, passage_prompt=passage_prompt)
        stderr.print(f"{out}: cosine to {card.source} at least {card.cosine}", highlight=False)
        if as_json:
            print_json(card.model_dump(mode="json"))


def told(manifest: Manifest) -> dict[str, Any]:
    """What whoever started a build wants to know of its outcome."""
    return manifest.model_dump(mode="json", include={"generation", "build_seconds", "counts", "notes"})


def _job(config: Path | None, corpus: list[Path]) -> BuildJob:
    if (config is None) == (not corpus):
        raise BadRequest("give either --config FILE or --corpus PATH")
    if config is None:
        shipped = tuple(file for path in corpus if (file := path / SHIPPED_VECTORS).is_file())
        return BuildJob(corpus=(CorpusSettings(paths=tuple(corpus)),), index=IndexSettings(vectors=shipped))
    try:
        return read_build_job(config)
    except ValueError as error:
        raise BadRequest(str(error)) from error


def _documents(job: BuildJob) -> Iterator[Document]:
    for corpus in job.corpus:
        yield from read_corpus(corpus.paths, corpus)


def _batch(
    index: Path,
    queries: Path,
    run: Path,
    k: int,
    mode: Mode,
    unit: Unit,
    filters: Filters,
    verify: bool,
) -> None:
    asked = read_queries(queries)
    with HybridIndex.open(index, verify=verify) as opened:
        _warn(opened)
        lines = [
            line
            for query in track(asked, "search", console=stderr, disable=not stderr.is_terminal)
            for line in run_lines(
                query.query_id, search_units(opened, query.text, k, mode, unit, filters), mode
            )
        ]
    try:
        run.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise BadRequest(f"{run} cannot be written: {error.strerror}") from error
    stderr.print(f"{len(asked)} queries, {len(lines)} lines in {run}", highlight=False)


def _as_data(index: HybridIndex, result: SearchResult) -> dict[str, Any]:
    ranks = {
        arm.name: {hit.passage_id: rank for rank, hit in enumerate(arm.hits, start=1)} for arm in result.arms
    }

    def hit_data(hit: Hit) -> dict[str, Any]:
        stored = index.passage(hit.passage_id).model_dump(mode="json")
        passage = stored.pop("passage")
        return {
            "score": hit.score,
            "ranks": {arm: of_arm.get(hit.passage_id) for arm, of_arm in ranks.items()},
            "matched_terms": list(result.matched_terms[hit.passage_id]),
            **passage,
            **stored,
        }

    return {
        "query": result.query,
        "mode": result.mode,
        "generation": index.generation,
        "degraded": index.degraded,
        "expansions": list(result.expansions),
        "hits": [hit_data(hit) for hit in result.hits],
    }


def _print_hits(index: HybridIndex, result: SearchResult) -> None:
    table = Table("rank", "score", "passage", "text", box=None, pad_edge=False)
    for rank, hit in enumerate(result.hits, start=1):
        stored = index.passage(hit.passage_id)
        heading = " > ".join(stored.passage.headings)
        text = " ".join(stored.passage.text.split())
        shown = f"[bold]{escape(heading)}[/bold]\n{escape(text[:160])}"
        if stored.superseded_by:
            shown = f"[yellow]superseded by {escape(', '.join(stored.superseded_by))}[/yellow]\n{shown}"
        table.add_row(str(rank), f"{hit.score:.4f}", escape(hit.passage_id), shown)
    if result.expansions:
        stderr.print(escape(f"searched also: {', '.join(result.expansions)}"), highlight=False)
    Console().print(table)


def _warn(index: HybridIndex) -> None:
    if index.degraded:
        stderr.print(f"[yellow]warning:[/yellow] {escape(index.degraded)}", highlight=False)


def _size(manifest: Manifest) -> int:
    return sum(record.bytes for record in manifest.files.values())


app.command("add")(cli_documents.add)
app.command("replace")(cli_documents.replace)
app.command("remove")(cli_documents.remove)
app.command("diff")(cli_generations.diff)
app.command("rollback")(cli_generations.rollback)
app.command("verify")(cli_generations.verify_checksums)
app.command("gc")(cli_generations.gc)


if __name__ == "__main__":
    app()
