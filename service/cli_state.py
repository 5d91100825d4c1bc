"""`jmedqa state`: what is kept, and deleting what is older than the settings allow."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from service.settings import load_settings
from service.state import Store
from service.state.pruning import prune as prune_store

app = typer.Typer(no_args_is_help=True, add_completion=False)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="TOML file; JMEDQA_* variables win over it")
]
TABLES = ("keys", "answers", "conversations", "turns", "feedback", "jobs", "idempotency")


@app.command()
def info(config: ConfigOption = None) -> None:
    """Print how many rows each table has, as JSON."""
    with _opened(config) as store:
        counts = store.database.read_now(
            lambda db: {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}  # noqa: S608
        )
    sys.stdout.write(json.dumps({"file": str(store.database.path), "rows": counts}, indent=2) + "\n")


@app.command()
def prune(config: ConfigOption = None) -> None:
    """Delete what is older than the settings of [state] allow. The server does so by itself every hour."""
    with _opened(config) as store:
        gone = asyncio.run(prune_store(store.database, store.settings, store.clock()))
    sys.stdout.write(json.dumps({"deleted": gone}) + "\n")


@contextmanager
def _opened(config: Path | None) -> Iterator[Store]:
    store = Store(load_settings(config).state)
    store.open()
    try:
        yield store
    finally:
        store.close()
