"""`jmedqa backup` and `jmedqa restore`. Errors are told by `jmedqa.main`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from service.settings import load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False)
_err = Console(stderr=True)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="TOML file; JMEDQA_* variables win over it")
]
Folder = Annotated[Path, typer.Argument(metavar="DIR")]


@app.command()
def backup(folder: Folder, config: ConfigOption = None) -> None:
    """Copy state, audit log and the live index generation into DIR, beside a running server.

    DIR holds questions, answers and the audit log's key: keep it as you keep the originals.
    """
    from service.backup.making import back_up

    made = back_up(load_settings(config), folder)
    _err.print(f"{len(made.files)} files, generation {made.generation}", markup=False)
    for fault in made.audit_faults:
        _err.print(f"audit log: {fault}", markup=False)


@app.command()
def restore(
    folder: Folder,
    force: Annotated[bool, typer.Option("--force", help="Move what is there aside, then restore")] = False,
    config: ConfigOption = None,
) -> None:
    """Put the backup in DIR back, after checking every file of it. The server must be stopped."""
    from service.backup.restoring import restore as put_back

    made = put_back(load_settings(config), folder, force=force)
    _err.print(f"restored what was backed up at {made.made_at}", markup=False)
