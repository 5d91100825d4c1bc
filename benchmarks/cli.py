"""``jmedqa bench``: what retrieval is worth."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.cli_data import app as data_app
from benchmarks.cli_data import parsing, tasks
from benchmarks.cli_score import score

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
    as_json: Annotated[bool, typer.Option("--json", help="Print data on stdout.")] = False,
) -> None:
    """Score the lexical, dense and hybrid arms on query sets with relevance judgements."""
    try:
        from benchmarks.retrieval import SETS, run_set, table
    except ModuleNotFoundError as error:
        raise typer.BadParameter(f"{error.name} is missing: pip install 'jmedqa[bench]'") from error
    known = {entry.name: entry for entry in SETS}
    unknown = set(only or ()) - known.keys()
    if unknown:
        raise typer.BadParameter(f"no such set: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    chosen = [known[name] for name in only] if only else list(SETS)
    for entry in chosen:
        if not (data / entry.passages).is_file():
            raise typer.BadParameter(f"{data / entry.passages} does not exist; name the folder with --data")
    scores = []
    for entry in chosen:
        _stderr.print(f"{entry.name}: indexing and searching")
        scores.append(run_set(entry, data, work))
    if as_json:
        print(json.dumps([entry.model_dump() for entry in scores], ensure_ascii=False))
    else:
        print(table(scores))


app.command()(score)
app.command("tasks")(tasks)
app.command()(parsing)
app.add_typer(data_app, name="data")
