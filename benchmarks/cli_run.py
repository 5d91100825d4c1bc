"""``jmedqa bench run``: ask models with and without retrieval, and write every outcome down."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.errors import BadRequest
from benchmarks.settings import ModelSettings, load_run_settings

_stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def run(
    config: Annotated[Path, typer.Option("--config", help="TOML of models, strategies, prompts and tasks.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the run.")],
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Items of each task.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again what failed for the server's sake.")
    ] = False,
    url: Annotated[
        str | None, typer.Option("--url", help="A running service that answers, in place of the models.")
    ] = None,
    commercial: Annotated[bool, typer.Option("--commercial", help="Refuse non-commercial data.")] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Let records hold texts that may not be passed on.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line on stdout.")] = False,
) -> None:
    """Answer every item in every arm. A stopped run goes on with --resume and asks nothing twice."""
    from benchmarks.runs.folder import RunFolder
    from benchmarks.runs.planning import planned
    from benchmarks.runs.progress import shown
    from benchmarks.runs.runner import run as run_plan

    settings = load_run_settings(config)
    if url is not None:
        if not url.startswith(("http://", "https://")):
            raise BadRequest(f"--url {url}: write http://HOST:PORT")
        service = ModelSettings(name="service", kind="extractive")
        settings = settings.model_copy(update={"models": (service,)})
    with (
        planned(
            settings, limit=limit, private=private, commercial=commercial, remote=url is not None
        ) as plan,
        RunFolder.open(out, resume=resume) as folder,
    ):
        if folder.torn:
            _stderr.print(f"{folder.torn} bytes of a record that was never finished are cut off")
        with shown(plan.total, 0, as_json=as_json) as report:
            records = asyncio.run(run_plan(plan, folder, url=url, retry_failed=retry_failed, report=report))
    failed = sum(record.failure is not None for record in records)
    bugs = [record.failure.message for record in records if record.failure and record.failure.kind == "bug"]
    if as_json:
        done = {"event": "done", "records": len(records), "failed": failed, "bugs": len(bugs)}
        sys.stdout.write(json.dumps(done) + "\n")
    _stderr.print(f"{len(records)} records, {failed} failed: `jmedqa bench report {out}`", markup=False)
    if bugs:
        _stderr.print(f"{len(bugs)} items met a bug in jmedqa, for example {bugs[0]}", markup=False)
        raise typer.Exit(1)
