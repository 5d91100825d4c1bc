"""`jmedqa bundle`: a folder that installs where there is no network."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from indexer import IndexFailure
from service.bundling import BundleFailed, make_bundle

app = typer.Typer(no_args_is_help=True, add_completion=False)
_err = Console(stderr=True)
_HERE = Path(__file__).parents[1]


@app.command()
def bundle(
    out: Annotated[Path, typer.Option("--out", help="Folder to make")],
    index: Annotated[Path | None, typer.Option("--index", help="Its live generation is taken along")] = None,
    corpus: Annotated[Path | None, typer.Option("--corpus", help="Folder of documents to take along")] = None,
    config: Annotated[Path, typer.Option("--config")] = _HERE / "configs" / "serve.toml",
    project: Annotated[Path, typer.Option("--project", help="The source tree of jmedqa")] = _HERE,
    requirements: Annotated[Path | None, typer.Option("--requirements", help="A lock with hashes")] = None,
) -> None:
    """Wheels with hashes, corpus, index, checksums and install.sh in one folder, to install offline.

    Run it from a clone, with the same Python and platform as the machine it is for.
    """
    try:
        made = make_bundle(
            out,
            project=project,
            requirements=requirements or project / "requirements" / "base.txt",
            index=index,
            corpus=corpus,
            config=config,
        )
    except BundleFailed as error:
        _err.print(f"[red]{escape(error.ja)}[/red]\n{escape(error.en)}", soft_wrap=True)
        raise typer.Exit(error.exit_code) from None
    except IndexFailure as failure:
        _err.print(escape(str(failure)), soft_wrap=True)
        raise typer.Exit(4) from None
    _err.print(f"{made}: sh {made}/install.sh /opt/jmedqa", highlight=False, soft_wrap=True)
