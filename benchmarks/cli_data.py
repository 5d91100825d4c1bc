"""``jmedqa bench data``, ``bench tasks`` and ``bench parsing``: what there is to measure with, under which
terms."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.agreement import agreement_table, check_rows, exam_agreement, mirage_agreement
from benchmarks.errors import BadRequest
from benchmarks.fetching import fetch
from benchmarks.files import read_items
from benchmarks.licences import data_set, registry, state
from benchmarks.tasks import TASKS, find_task

app = typer.Typer(help="The licence registry: terms, sources, and what is on this machine.")

DataFolder = Annotated[Path, typer.Option("--data", envvar="JMEDQA_DATA", help="The data folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print data on stdout.")]


@app.callback(invoke_without_command=True)
def show(context: typer.Context, data: DataFolder = Path("../shared/data"), as_json: AsJson = False) -> None:
    """List every data set with its licence and terms. Nothing is downloaded."""
    if context.invoked_subcommand:
        return
    rows = [entry.model_dump() | {"state": state(entry, data)} for entry in registry().values()]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        flags = [
            "" if row["redistribute"] else ", not to be passed on",
            "" if row["commercial"] else ", non-commercial",
        ]
        print(f"{row['name']}  [{row['state']}]  {row['title']}: {row['licence']}{''.join(flags)}")
        print(f"    {row['terms']} {row['home']}".replace("     ", "    "))


@app.command("fetch")
def fetch_command(
    name: Annotated[str, typer.Argument(help="A name of the registry.")],
    data: DataFolder = Path("../shared/data"),
) -> None:
    """Download one data set from where its owners publish it, and check every byte."""
    entry = data_set(name)
    Console(stderr=True, highlight=False).print(f"{entry.title}: {entry.licence}. {entry.terms}")
    for path in fetch(entry, data):
        print(path)


def leave_out(
    task: Annotated[str, typer.Option("--task", help="Task id; `bench tasks` lists them.")],
    data: Annotated[Path, typer.Option("--data", help="The data set's file or folder.")],
    out: Annotated[Path, typer.Option("--out", help="File of ids, for `leave_out` of a corpus.")],
    prefix: Annotated[str, typer.Option("--prefix", help="Of the corpus's ids, such as PMID:")] = "",
) -> None:
    """Write the ids of the documents a task was made from, which an index for it must not hold."""
    found = sorted({name for item in read_items(find_task(task), data) for name in item.source_ids})
    if not found:
        raise BadRequest(f"{task}: its data names no source documents")
    lines = [
        f"# documents that {task} was made from: `jmedqa bench leave-out`",
        *(prefix + name for name in found),
    ]
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    Console(stderr=True).print(f"{len(found)} ids: {out}", highlight=False)


def tasks(as_json: AsJson = False) -> None:
    """List the tasks, their data sets, corpora and parsers."""
    rows = [
        {
            "task": task.task_id,
            "title": task.title,
            "data": task.data_sets,
            "corpus": task.corpus,
            "without_retrieval": task.without_retrieval,
            "official_parser": task.official is not None,
        }
        for task in TASKS.values()
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for task in TASKS.values():
        corpus = task.corpus or f"no retrieval: {task.without_retrieval}"
        official = ", official parser" if task.official else ""
        print(f"{task.task_id}  {task.title}; corpus: {corpus}{official}")


def parsing(
    data: DataFolder = Path("../shared/data"),
    rows: Annotated[list[Path] | None, typer.Option("--rows", help="A table of written replies.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say how the strict parser does: on real replies beside the official parsers, or on tables of written
    ones."""
    if rows:
        _check(rows, as_json)
        return
    if not (data / "mirage").is_dir() or not (data / "igakuqa119" / "answers").is_dir():
        raise BadRequest(
            f"{data} holds no mirage/ and igakuqa119/answers/: name the test-data folder with --data"
        )
    found = [mirage_agreement(data), exam_agreement(data)]
    if as_json:
        print(json.dumps([entry.model_dump() for entry in found], ensure_ascii=False))
    else:
        print(agreement_table(found))


def _check(paths: list[Path], as_json: bool) -> None:
    summaries = []
    for path in paths:
        if not path.is_file():
            raise BadRequest(f"--rows {path} does not exist")
        outcomes = check_rows(path)
        wrong = [outcome for outcome in outcomes if not outcome.right]
        summaries.append(
            {
                "rows": str(path),
                "n": len(outcomes),
                "right": len(outcomes) - len(wrong),
                "false_parses": sum(outcome.false_parse for outcome in outcomes),
                "unanswerable": sum(outcome.wanted[0] != "parsed" for outcome in outcomes),
                "silent_guesses": sum(o.false_parse and o.wanted[0] != "parsed" for o in outcomes),
                "wrong": [outcome.model_dump() for outcome in wrong],
            }
        )
    if as_json:
        print(json.dumps(summaries, ensure_ascii=False))
        return
    for summary, path in zip(summaries, paths, strict=True):
        print(
            f"{path}: {summary['right']} of {summary['n']} rows right, "
            f"{summary['false_parses']} false parses "
            f"({summary['silent_guesses']} of them where nothing was to be read)"
        )
        for outcome in check_rows(path):
            if not outcome.right:
                mark = "FALSE PARSE" if outcome.false_parse else "not read"
                print(
                    f"  {mark} line {outcome.line}: {outcome.reply!r}: wanted {outcome.wanted}, "
                    f"found {outcome.found.status} {outcome.found.value} by {outcome.found.rule}"
                )
