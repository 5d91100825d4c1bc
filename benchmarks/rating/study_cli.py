"""The commands of ``jmedqa rate`` that take a blinded study from case runs to ratings."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from benchmarks.rating.workbench.store import Store, StudyError

_err = Console(stderr=True)

Study = Annotated[Path, typer.Argument(help="The study: studies/ID.sqlite")]


def register(app: typer.Typer) -> None:
    """Add the commands of a study to ``jmedqa rate``."""
    commands: tuple[Callable[..., None], ...] = (create, serve, status, adjudicate, unseal, sheet, collect)
    for command in commands:
        app.command()(command)


def create(
    study: Study,
    cases: Annotated[list[Path], typer.Option("--cases", help="Case files or folders; repeatable.")],
    runs: Annotated[list[str], typer.Option("--run", help="SYSTEM=FOLDER of a case run, M and M+rag.")],
    raters: Annotated[list[str], typer.Option("--rater", help="A rater's name; repeatable.")],
    per_case: Annotated[int | None, typer.Option(min=1, help="Raters of each case; default: all.")] = None,
    repeats: Annotated[float, typer.Option(min=0, max=0.5, help="Share shown twice, unmarked.")] = 0.1,
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Make a study: mask the answers, draw the orders, seal the key. The raters' links are printed once."""
    from benchmarks.rating.workbench.creating import create as made
    from service.cases import case_files, load_case, load_protocol
    from service.errors import ServiceError

    with _told():
        folders = dict(_run(text) for text in runs)
        if len(folders) < len(runs):
            raise StudyError("同じ名前の--runがあります。", "Two --run options name one system.")
        try:
            loaded = [load_case(file) for file in case_files(cases)]
            done = made(
                study,
                loaded,
                load_protocol(),
                folders,
                raters,
                per_case=per_case,
                repeats=repeats,
                seed=seed,
            )
        except ServiceError as error:
            raise StudyError(error.ja, error.en) from None
        except ValueError as error:
            raise StudyError(f"計画が作れません: {error}", str(error)) from None
    for rater, token in done.tokens.items():
        print(f"{rater}\t/t/{token}")
    _err.print(f"{done.answers} answers, {done.tasks} scores to give, {done.left_out} questions left out")
    _err.print(f"answers whose wording may tell the arm: {done.tells}", highlight=False)


def serve(
    study: Study,
    host: Annotated[
        str, typer.Option(help="Raters on other machines: behind a proxy with TLS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8010,
) -> None:
    """Serve the raters' pages."""
    import uvicorn

    from benchmarks.rating.workbench.app import create_app

    with _told(), _opened(study) as store:
        _err.print(f"http://{host}:{port}", highlight=False)
        uvicorn.run(create_app(store), host=host, port=port, access_log=False)  # a log would hold the links


def status(study: Study) -> None:
    """Print as JSON how far the raters are, and the log. Nothing of the key."""
    with _told(), _opened(study) as store:
        tasks = store.tasks()
        people = {
            rater: {
                "scored": sum(task.rater == rater and task.score is not None for task in tasks),
                "of": sum(task.rater == rater for task in tasks),
                "locked": at,
            }
            for rater, at in store.raters().items()
        }
        log = [{"at": at, "who": who, "what": what} for at, who, what in store.logged()]
    sys.stdout.write(json.dumps({"raters": people, "log": log}, ensure_ascii=False, indent=2) + "\n")


def adjudicate(study: Study) -> None:
    """Give the adjudicator the answers that one rater scored 0 and another 2, once all have locked."""
    from benchmarks.rating.workbench.finishing import open_adjudication

    with _told(), _opened(study) as store:
        print(f"{open_adjudication(store)} answers for the adjudicator")


def unseal(
    study: Study,
    out: Annotated[Path, typer.Option("--out", help="Folder for ratings.csv and the others.")],
    who: Annotated[str, typer.Option("--by", help="Who opens the key; kept in the log.")],
) -> None:
    """Open the key, once everyone has locked, and write ratings.csv for ``jmedqa rate analyze``."""
    from benchmarks.rating.workbench.finishing import unseal as opened

    with _told(), _opened(study) as store:
        done = opened(store, out, who)
    print(done.ratings)
    for row in done.blinding:
        _err.print(f"blinding, {row.arm}: {row.value:.2f} ({row.low:.2f} to {row.high:.2f})", highlight=False)


def sheet(
    study: Study,
    rater: Annotated[str, typer.Option("--rater")],
    out: Annotated[Path, typer.Option("--out", help="A new .csv or .xlsx file.")],
) -> None:
    """Write the stage a rater is at as a sheet, to be scored without a connection."""
    from benchmarks.rating.workbench.offline import write_sheet

    with _told(), _opened(study) as store:
        print(f"{write_sheet(store, rater, out)} answers: {out}")


def collect(
    study: Study,
    rater: Annotated[str, typer.Option("--rater")],
    file: Annotated[Path, typer.Option("--from", help="The scored sheet.")],
) -> None:
    """Read a scored sheet: all rows or, with every fault named, none."""
    from benchmarks.rating.workbench.offline import read_sheet

    with _told(), _opened(study) as store:
        print(f"{read_sheet(store, rater, file)} new scores")


def _run(text: str) -> tuple[str, Path]:
    name, _, folder = text.partition("=")
    if not name or not folder:
        raise StudyError("--run は 名前=フォルダ です。", f"--run is SYSTEM=FOLDER, not {text!r}.")
    return name, Path(folder)


@contextmanager
def _opened(study: Path) -> Iterator[Store]:
    store = Store(study)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except StudyError as error:
        _err.print(f"[red]{escape(error.ja)}[/red]\n{escape(error.en)}", highlight=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from None
