"""``jmedqa bench batch``: a run in waves, for models that answer batch files and no requests."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.settings import load_run_settings

_stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def batch(
    config: Annotated[Path, typer.Option("--config", help="TOML of models, strategies, prompts and tasks.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the run; begun or gone on with.")],
    requests: Annotated[Path, typer.Option("--requests", help="File to write the next requests to.")],
    replies: Annotated[
        list[Path] | None, typer.Option("--replies", help="Output of a batch to take in; repeatable.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Items of each task.")] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again for lines that failed.")
    ] = False,
    commercial: Annotated[bool, typer.Option("--commercial", help="Refuse non-commercial data.")] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Let records hold texts that may not be passed on.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON on stdout.")] = False,
) -> None:
    """Take in replies, finish what they allow, write what is to be asked next. Repeat until it is nothing.

    Answer the requests with `vllm run-batch -i REQUESTS -o REPLIES --model MODEL`. They hold texts of the
    tasks, so the tasks' licences hold for these files, too.
    """
    from benchmarks.runs.batch import Batch, kept_replies, take_in, write_requests
    from benchmarks.runs.folder import RunFolder
    from benchmarks.runs.planning import planned
    from benchmarks.runs.runner import run as run_plan

    settings = load_run_settings(config)
    with (
        planned(settings, limit=limit, private=private, commercial=commercial) as plan,
        RunFolder.open(out, resume=True) as folder,
    ):
        taken = asyncio.run(take_in(out, replies or ()))
        known = Batch(kept_replies(out), retry_failed=retry_failed)
        records = asyncio.run(run_plan(plan, folder, batch=known, retry_failed=retry_failed))
        write_requests(requests, known.wanted)
        counts = {
            "taken_in": len(taken),
            "lines_failed": sum(reply.error is not None for reply in taken),
            "records": len(records),
            "open": plan.total - len(records),
            "requests": len(known.wanted),
        }
    if as_json:
        sys.stdout.write(json.dumps(counts) + "\n")
    _stderr.print(
        f"{counts['records']} records, {counts['open']} open; {counts['requests']} requests in {requests}"
        if counts["open"]
        else f"{counts['records']} records, done: `jmedqa bench report {out}`",
        markup=False,
    )
