"""What the commands of this layer share: options, messages, exit codes."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from corpora import CorpusError
from indexer.errors import IndexFailure, InvalidQuery
from indexer.progress import BuildProgress, Progress

stderr = Console(stderr=True, soft_wrap=True)

IndexOption = Annotated[Path, typer.Option("--index", help="Folder of the index.")]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print data as JSON on stdout; tables and messages go to stderr.")
]
LinesOption = Annotated[
    bool, typer.Option("--json-lines", help="Print progress and the end as JSON lines on stdout.")
]


class BadRequest(Exception):  # noqa: N818
    """The command line or the configuration is at fault."""


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn the errors of the layers into a message on stderr and the documented exit code."""
    try:
        yield
    except (BadRequest, InvalidQuery) as error:
        code, message = 2, str(error)
    except CorpusError as error:
        code, message = 3, str(error)
    except IndexFailure as error:
        code, message = 4, str(error)
    else:
        return
    say_error(message)
    raise typer.Exit(code)


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """A bar on stderr for each stage of a build, where stderr is a terminal."""
    columns = (TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=stderr, disable=not stderr.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def report(step: BuildProgress) -> None:
            if step.stage not in tasks:
                tasks[step.stage] = bars.add_task(step.stage, total=step.total)
            bars.update(tasks[step.stage], completed=step.done, total=step.total)

        yield report


def say_error(message: str) -> None:
    stderr.print(f"[red]error:[/red] {escape(message)}", highlight=False)


def say(message: str) -> None:
    stderr.print(escape(message), highlight=False)


def print_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")
