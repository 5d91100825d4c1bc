"""``jmedqa bench``: what retrieval is worth."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.cli_batch import batch
from benchmarks.cli_data import app as data_app
from benchmarks.cli_data import leave_out, parsing, tasks
from benchmarks.cli_export import app as export_app
from benchmarks.cli_report import compare, report
from benchmarks.cli_run import run
from benchmarks.cli_score import score
from corpora import STARTER
from indexer import IndexSettings

app = typer.Typer(no_args_is_help=True, help="Measure retrieval and answers.")
_stderr = Console(stderr=True)


@app.callback()
def _group() -> None:
    """Keeps `bench retrieval` a subcommand while it is the only one."""


@app.command()
def retrieval(
    data: Annotated[Path, typer.Option(envvar="JMEDQA_DATA", help="The test-data folder.")] = Path(
        "../shared/data"
    ),
    work: Annotated[Path, typer.Option(help="Where the sets' indexes are kept.")] = Path(
        "var/bench/retrieval"
    ),
    only: Annotated[list[str] | None, typer.Option("--set", help="One set; repeat for several.")] = None,
    vectors: Annotated[
        list[Path] | None, typer.Option("--vectors", help="Vectors made elsewhere (.npz); repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data on stdout.")] = False,
) -> None:
    """Score our arms and other frameworks' on query sets with relevance judgements."""
    try:
        from benchmarks.query_sets import SETS, TUNING
        from benchmarks.retrieval import run_set
        from benchmarks.retrieval_report import tables
    except ModuleNotFoundError as error:
        raise typer.BadParameter(f"{error.name} is missing: pip install 'jmedqa[bench]'") from error
    known = SETS | TUNING
    unknown = set(only or ()) - known.keys()
    if unknown:
        raise typer.BadParameter(f"no such set: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    settings = IndexSettings(vectors=(STARTER / "vectors.npz", *(vectors or ())))
    scores = []
    for name in only or SETS:
        _stderr.print(f"{name}: indexing and searching")
        try:
            query_set = known[name](data)
        except FileNotFoundError as error:
            raise typer.BadParameter(
                f"{error.filename} does not exist; name the folder with --data"
            ) from None
        scores.append(run_set(query_set, work, settings))
    if as_json:
        print(json.dumps([entry.model_dump() for entry in scores], ensure_ascii=False))
    else:
        print(tables(scores))


app.command()(run)
app.command()(batch)
app.command()(report)
app.command()(compare)
app.command()(score)
app.command("tasks")(tasks)
app.command("leave-out")(leave_out)
app.command()(parsing)
app.add_typer(data_app, name="data")
app.add_typer(export_app, name="export")
