"""``jmedqa bench score``: what predictions are worth, computed offline."""

import hashlib
import json
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.errors import BadRequest
from benchmarks.files import read_answers, read_items
from benchmarks.licences import check_commercial, may_be_shown
from benchmarks.scoring import Score, judge_all
from benchmarks.scoring import score as sum_up
from benchmarks.tasks import Judged, ParserName, find_task


def score(
    run: Annotated[
        Path | None,
        typer.Argument(help="A run's folder, scored from its records; or name --task, --data, --answers."),
    ] = None,
    task: Annotated[str | None, typer.Option("--task", help="Task id; `bench tasks` lists them.")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="The data set's file or folder; of a run, its data folder.")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Predictions: JSON lines of id and text.")
    ] = None,
    answer_field: Annotated[
        str, typer.Option("--answer-field", help="The field that holds the text.")
    ] = "text",
    id_field: Annotated[str, typer.Option("--id-field", help="The field that holds the id.")] = "id",
    parser: Annotated[ParserName, typer.Option("--parser", help="How replies are read.")] = "strict",
    per_item: Annotated[
        Path | None, typer.Option("--per-item", help="Write one JSON line an item here.")
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="Let --per-item hold questions that may not be passed on.")
    ] = False,
    commercial: Annotated[bool, typer.Option("--commercial", help="Refuse non-commercial data.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Score predictions of a task, or a run. Items without a prediction are unparsed and wrong."""
    if run is not None:
        _score_run(run, data, as_json, task=task, answers=answers)
        return
    if task is None or data is None or answers is None:
        raise BadRequest("name a run's folder, or all of --task, --data and --answers")
    chosen = find_task(task)
    if commercial:
        check_commercial(chosen)
    items = read_items(chosen, data)
    if not answers.is_file():
        raise BadRequest(f"--answers {answers} does not exist")
    replies = read_answers(answers, items, answer_field=answer_field, id_field=id_field)
    judged = judge_all(chosen, items, replies, parser=parser)
    if per_item:
        write_judged(per_item, judged, shown=private or may_be_shown(chosen))
    try:
        result = sum_up(chosen, judged)
    except ModuleNotFoundError as error:
        raise BadRequest(f"{error.name} is missing: pip install 'jmedqa[bench]'") from None
    print(json.dumps(result.model_dump(), ensure_ascii=False) if as_json else table(result))


def _score_run(
    run: Path, data: Path | None, as_json: bool, *, task: str | None, answers: Path | None
) -> None:
    from benchmarks.runs.scoring import read_run, scores

    if task is not None or answers is not None:
        raise BadRequest(f"{run} names its tasks and answers itself: leave out --task and --answers")
    try:
        found = scores(read_run(run, data))
    except ModuleNotFoundError as error:
        raise BadRequest(f"{error.name} is missing: pip install 'jmedqa[bench]'") from None
    if as_json:
        print(json.dumps([entry.model_dump() for entry in found], ensure_ascii=False))
    else:
        print("\n\n".join(f"{entry.arm}, repeat {entry.repeat}\n{table(entry.score)}" for entry in found))


def table(result: Score) -> str:
    """A score as a Markdown table."""
    head = (
        f"{result.task}: {result.correct}/{result.n} right, {result.points}/{result.points_max} points, "
        f"{result.unparsed} unparsed"
    )
    figures = {"accuracy": result.accuracy, **result.metrics}
    rows = [f"| {name} | {_written(value)} |" for name, value in figures.items()]
    return "\n".join([head, "", "| figure | value |", "|---|---|", *rows])


def _written(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def write_judged(path: Path, judged: tuple[Judged, ...], *, shown: bool) -> None:
    """One JSON line an item: what was read and whether it is right.

    Args:
        shown: Whether questions and replies are written out. If not, there are ids and a hash of the
            question.
    """
    with path.open("w", encoding="utf-8") as file:
        for entry in judged:
            row = {
                "id": entry.item.item_id,
                "question_sha256": hashlib.sha256(entry.item.question.encode()).hexdigest(),
                "status": entry.parsed.status,
                "rule": entry.parsed.rule,
                "correct": entry.correct,
                "points": entry.item.points if entry.correct else 0,
            }
            if shown:
                row |= {"question": entry.item.question, "value": entry.parsed.value, "reply": entry.reply}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
