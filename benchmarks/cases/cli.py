"""``jmedqa case``: check staged cases, convert others into them, and answer them.

Exit codes: 0 done, 2 a file cannot be used or a case has faults, 4 index, 5 generation, 1 a bug.
"""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from benchmarks.cases.agentclinic import convert_file
from benchmarks.cases.checking import check_file, duplicates
from benchmarks.cases.findings import Finding
from service.cases.loading import case_files
from service.cases.protocol import NINE_QUESTIONS, load_protocol
from service.errors import BadRequest, ServiceError

DATA = Path(__file__).parent / "data"
KEYS = DATA / "keys"
STAGES = DATA / "stages"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_err = Console(stderr=True)

ProtocolOption = Annotated[Path, typer.Option("--protocol", help="Which question belongs to which stage.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data on standard output, and nothing else")]


@app.callback()
def _group() -> None:
    """Check, convert and answer staged clinical cases."""


@app.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Case files or folders; default: the shipped cases.")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option("--keys", help="Folder of keys; default: beside the cases, or the shipped.")
    ] = None,
    no_keys: Annotated[bool, typer.Option("--no-keys", help="Check the cases alone.")] = False,
    protocol: ProtocolOption = NINE_QUESTIONS,
    as_json: JsonOption = False,
) -> None:
    """Find stage leaks, impossible values and missing parts. Ends with 2 if a case has a fault."""
    try:
        asked = load_protocol(protocol)
        files = list(case_files(paths or [STAGES]))
    except ServiceError as error:
        _stop(error)
    found: list[Finding] = []
    for file in files:
        folder = None if no_keys else keys or keys_beside(file)
        found += check_file(file, folder, asked)
    found += [
        Finding(
            case_id=name,
            rule="schema",
            fault=True,
            stage=None,
            ja="同じ番号の症例が二つあります",
            en="two files",
        )
        for name in duplicates(files)
    ]
    faults = sum(finding.fault for finding in found)
    if as_json:
        data = {
            "cases": len(files),
            "faults": faults,
            "findings": [finding.model_dump(mode="json") for finding in found],
        }
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
    else:
        _print(found, len(files), faults)
    raise typer.Exit(2 if faults else 0)


@app.command()
def convert(
    file: Annotated[Path, typer.Argument(help="OSCE records of AgentClinic, JSON or JSON Lines.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for stages/ and keys/; made if absent.")],
    prefix: Annotated[str, typer.Option(help="Begins the cases' ids.")] = "agentclinic",
    as_json: JsonOption = False,
) -> None:
    """Convert AgentClinic's cases; the course stage is marked absent."""
    try:
        converted = convert_file(file, prefix)
    except ServiceError as error:
        _stop(error)
    for case, key in converted:
        for kind, model in (("stages", case), ("keys", key)):
            target = out / kind / f"{case.case_id}.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(model.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")
    if as_json:
        sys.stdout.write(json.dumps({"cases": len(converted), "out": str(out)}, ensure_ascii=False) + "\n")
    else:
        Console(highlight=False).print(f"{len(converted)} cases: {escape(str(out))}")


@app.command()
def run(
    paths: Annotated[list[Path], typer.Argument(help="Case files or folders.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the run; a run begun there goes on.")],
    retrieval: Annotated[
        str, typer.Option("--retrieval", help="none | once | per_question | oracle | filtered")
    ] = "per_question",
    carry: Annotated[
        str, typer.Option("--carry", help="Earlier answers handed on: raw (none) | own_output | gold_output")
    ] = "raw",
    strategy: Annotated[str, typer.Option("--strategy", help="single | stepwise | iterative")] = "single",
    per_question: Annotated[
        list[str] | None, typer.Option("--strategy-per-question", help="Q2=stepwise; repeat it")
    ] = None,
    filter_doc: Annotated[
        list[str] | None, typer.Option("--filter-doc", help="Of the arm filtered; repeat it")
    ] = None,
    filter_source: Annotated[
        list[str] | None, typer.Option("--filter-source", help="Of the arm filtered; repeat it")
    ] = None,
    forms: Annotated[bool, typer.Option(help="Also ask a model for each answer's structured form.")] = True,
    keys: Annotated[
        Path | None, typer.Option("--keys", help="Folder of keys, for gold_output and oracle alone.")
    ] = None,
    protocol: ProtocolOption = NINE_QUESTIONS,
    index: Annotated[
        Path | None, typer.Option("--index", help="Index folder; default: the settings'")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file of the service.")] = None,
    model: Annotated[Path | None, typer.Option("--model", help="A file of configs/models.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Answer cases stage by stage; each stage's agent reaches its own and earlier stages only."""
    from benchmarks.cases.run_cli import plan_of, run_cases
    from service.cases.loading import load_case
    from service.settings import load_settings

    try:
        asked = load_protocol(protocol)
        files = list(case_files(paths))
        if twice := duplicates(files):
            raise BadRequest(f"同じ番号の症例があります: {twice}", f"two cases have one id: {twice}")
        plan = plan_of(
            retrieval,
            carry,
            strategy,
            per_question or [],
            filter_doc or [],
            filter_source or [],
            forms,
            asked,
        )
        settings = load_settings(config, model)
        counts = asyncio.run(
            run_cases(
                [load_case(file) for file in files],
                asked,
                plan,
                settings,
                keys or keys_beside(files[0]),
                index or settings.index.dir,
                out,
            )
        )
    except ServiceError as error:
        _stop(error)
    if as_json:
        data = {"cases": len(files), "out": str(out), **asdict(counts)}
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    else:
        shown = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in asdict(counts).items())
        Console(highlight=False).print(f"{len(files)} cases: {shown}")


def keys_beside(file: Path) -> Path:
    """``…/keys`` for a case in ``…/stages``, else the shipped keys."""
    beside = file.parent.parent / "keys"
    return beside if file.parent.name == "stages" and beside.is_dir() else KEYS


def _print(found: list[Finding], cases: int, faults: int) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for finding in found:
        colour, word = ("red", "fault") if finding.fault else ("yellow", "note")
        place = f"{finding.case_id} {finding.stage}" if finding.stage else finding.case_id
        console.print(f"[{colour}]{word}[/{colour}] {escape(place)} ({finding.rule})")
        console.print(f"  {escape(finding.ja)}\n  {escape(finding.en)}")
    notes = len(found) - faults
    console.print(f"{cases} cases, {faults} faults, {notes} notes")


def _stop(error: ServiceError) -> NoReturn:
    _err.print(f"[red]{escape(error.ja)}[/red]\n{escape(error.en)}", highlight=False, soft_wrap=True)
    raise typer.Exit(error.exit_code)
