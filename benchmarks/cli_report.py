"""``jmedqa bench report`` and ``bench compare``: what runs came to, as a page, Markdown, JSON and CSV."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.errors import BadRequest

DataOption = Annotated[
    Path | None, typer.Option("--data", help="The data folder, where it is not where the run read it.")
]
ItemsOption = Annotated[int, typer.Option("--items", min=0, help="Items of each task in the page; 0: all.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the results as one JSON object.")]


def report(
    run: Annotated[Path, typer.Argument(help="A folder that `bench run --out` made.")],
    out: Annotated[Path | None, typer.Option("--out", help="Default: RUN/report.")] = None,
    data: DataOption = None,
    items: ItemsOption = 200,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a run, which need not be finished. Nothing is asked again."""
    _write([run], out or run / "report", data, items, as_json)


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Two or more; the first is compared with each other.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the report.")],
    data: DataOption = None,
    items: ItemsOption = 200,
    as_json: JsonOption = False,
) -> None:
    """Compare runs on the items that they share: another model, prompt, index or version."""
    if len(runs) < 2:
        raise BadRequest("name two runs or more; of one, `bench report` compares the arms")
    _write(runs, out, data, items, as_json)


def _write(runs: list[Path], out: Path, data: Path | None, items: int, as_json: bool) -> None:
    try:
        from benchmarks.reports.writing import write_report
    except ModuleNotFoundError as error:
        raise BadRequest(f"{error.name} is missing: pip install 'jmedqa[bench]'") from None
    results, paths = write_report(runs, out, data=data, items=items or None)
    if as_json:
        print(results.model_dump_json())
    else:
        print("\n".join(map(str, paths)))
