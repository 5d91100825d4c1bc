"""``jmedqa corpus``: look at a corpus before it is indexed."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from corpora.examining import examine
from corpora.reports import ReadReport
from corpora.settings import CorpusSettings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _group() -> None:
    """Check what a folder of files gives."""


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    exclude: Annotated[list[str] | None, typer.Option(help="Shell pattern of files to leave out.")] = None,
) -> None:
    """Say what would be read, what not and why. Ends with 3 if a file cannot be read."""
    settings = CorpusSettings(on_error="report")
    if exclude:
        settings = settings.model_copy(update={"exclude": (*settings.exclude, *exclude)})
    found = examine(paths, settings)
    report, passages, characters = found.report, found.passages, found.characters
    if as_json:
        print(
            json.dumps(
                report.as_json() | {"passages": passages, "characters": characters}, ensure_ascii=False
            )
        )
    else:
        _print(report, passages, characters)
    if report.refused:
        raise typer.Exit(3)


@app.command()
def recipes(
    name: Annotated[str | None, typer.Argument(help="One of them, in full.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """List how corpora are got and indexed: terms, commands, what to leave out. Downloads nothing."""
    from corpora.recipes import recipe, shipped

    found = [recipe(name)] if name else list(shipped().values())
    if as_json:
        print(json.dumps([one.model_dump(mode="json") for one in found], ensure_ascii=False))
        return
    for one in found:
        print(one.described() if name else f"{one.name}  {one.title}: {one.licence}")


def _print(report: ReadReport, passages: int, characters: int) -> None:
    console = Console(highlight=False, soft_wrap=True)
    table = Table("kind", "files", "documents")
    for kind in sorted(report.files | report.documents):
        table.add_row(kind, f"{report.files[kind]:,}", f"{report.documents[kind]:,}")
    console.print(table)
    console.print(f"{passages:,} passages, {characters:,} characters")
    for refusal in report.refused:
        where = f"{refusal.path}:{refusal.line}" if refusal.line is not None else refusal.path
        console.print(f"[red]not read[/red] {escape(where)}: {escape(refusal.reason)}")
    for note in report.notes:
        console.print(f"[yellow]note[/yellow] {escape(note.path)}: {escape(note.text)}")
    for twin in report.duplicates:
        what = "folded into" if twin.folded else "says the same as" if twin.similarity == 1 else "is nearly"
        numbers = ", but their numbers differ: two editions?" if twin.numbers_differ else ""
        console.print(f"[yellow]duplicate[/yellow] {escape(twin.doc_id)} {what} {escape(twin.kept)}{numbers}")
    for pattern, count in sorted(report.excluded.items()):
        console.print(f"excluded by {escape(pattern)}: {count:,} files")
    for suffix, count in sorted(report.unreadable.items()):
        console.print(f"no reader for {escape(suffix)}: {count:,} files")
