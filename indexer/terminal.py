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

from corpora import CorpusError
from indexer.errors import IndexFailure, InvalidQuery

stderr = Console(stderr=True, soft_wrap=True)

IndexOption = Annotated[Path, typer.Option("--index", help="Folder of the index.")]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print data as JSON on stdout; tables and messages go to stderr.")
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


def say_error(message: str) -> None:
    stderr.print(f"[red]error:[/red] {escape(message)}", highlight=False)


def say(message: str) -> None:
    stderr.print(escape(message), highlight=False)


def print_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")
