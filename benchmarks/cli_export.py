"""``jmedqa bench export``: a run for other harnesses."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.cli_report import DataOption
from benchmarks.errors import BadRequest

app = typer.Typer(no_args_is_help=True, help="Write a run in the forms of other harnesses.")
_stderr = Console(stderr=True, highlight=False, soft_wrap=True)

RunArgument = Annotated[Path, typer.Argument(help="A folder that `bench run --out` made.")]


@app.command("inspect")
def export_inspect(
    run: RunArgument,
    out: Annotated[Path, typer.Option("--out", help="Folder of the .eval logs.")],
    data: DataOption = None,
) -> None:
    """One .eval log for each arm, for `inspect view`. Texts that may not be passed on are left out."""
    from benchmarks.runs.folder import read_manifest
    from benchmarks.runs.scoring import read_run

    try:
        from benchmarks.adapters.inspect_tasks import write_logs
    except ModuleNotFoundError as error:
        raise BadRequest(f"{error.name} is missing: pip install 'jmedqa[inspect]'") from None
    results = read_run(run, data)
    written = write_logs(results, out, run.name, str(read_manifest(run)["made"]))
    for file in written:
        print(file)
    left = len(results) - len(written)
    if left:
        _stderr.print(f"{left} arms are of tasks whose texts this run may not hold: run with --private")


@app.command("lm-eval")
def export_lm_eval(
    run: RunArgument,
    task: Annotated[str, typer.Option("--task", help="A task of the run.")],
    arm: Annotated[str, typer.Option("--arm", help="Whose evidence is frozen: MODEL/STRATEGY/PROMPT.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of NAME.yaml and NAME.jsonl.")],
    name: Annotated[str | None, typer.Option("--name", help="What the harness calls it.")] = None,
    data: DataOption = None,
) -> None:
    """A YAML task with frozen contexts for lm-evaluation-harness (`--include_path OUT`)."""
    from benchmarks.adapters.lm_eval import write_task
    from benchmarks.runs.folder import read_passages
    from benchmarks.runs.scoring import read_run

    results = [one for one in read_run(run, data) if one.task.task_id == task and one.arm.arm_id == arm]
    if not results:
        raise BadRequest(f"{run} holds no {task} {arm}: `jmedqa bench score {run}` lists its arms")
    called = name or f"jmedqa_{task}_{arm}".replace("/", "_").replace("-", "_")
    file, count = write_task(results[0], read_passages(run), out, called)
    print(file)
    _stderr.print(f"{count} items: lm_eval --tasks {called} --include_path {out}")
