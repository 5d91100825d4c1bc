"""Find a task's files and read predictions: the only part of scoring that touches the disk."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import BadAnswers, BadRequest, TaskDataError
from benchmarks.tasks.items import Item, Task


def read_items(task: Task, data: Path) -> tuple[Item, ...]:
    """Read a task's items from its file, or from a folder that holds its files.

    Raises:
        BadRequest: If the path is not there, or holds no file of the task.
        TaskDataError: If a file is not in the task's format.
    """
    if not data.exists():
        raise BadRequest(f"--data {data} does not exist")
    items = task.read({name: _text(path) for name, path in _files(task, data).items()})
    if not items:
        raise TaskDataError(str(data), None, f"holds no item of {task.task_id}")
    seen: set[str] = set()
    for item in items:
        if item.item_id in seen:
            raise TaskDataError(str(data), None, f"the id {item.item_id} stands twice")
        seen.add(item.item_id)
    return items


def task_files(task: Task, data: Path) -> list[Path]:
    """The files that `read_items` reads, in their order."""
    return list(_files(task, data).values())


def _files(task: Task, data: Path) -> dict[str, Path]:
    if data.is_file():
        beside = [data.parent / name.format(stem=data.stem) for name in task.companions]
        return {str(path): path for path in (data, *beside) if path.is_file()}
    found = {path for pattern in task.patterns for path in data.glob(pattern) if path.is_file()}
    if not found:
        raise BadRequest(
            f"--data {data} holds no file of {task.task_id}: {' or '.join(task.patterns)} is expected"
        )
    beside = [data / name for name in task.companions if "{" not in name]
    return {str(path): path for path in sorted(found | {path for path in beside if path.is_file()})}


def _text(path: Path) -> str:
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8") as file:
                return file.read()
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TaskDataError(str(path), None, f"no UTF-8 at byte {error.start}") from None
    except (gzip.BadGzipFile, EOFError):
        raise TaskDataError(str(path), None, "no whole gzip file") from None


def read_answers(
    path: Path, items: Sequence[Item], *, answer_field: str = "text", id_field: str = "id"
) -> dict[str, str | None]:
    """Read predictions, JSON lines of an id and a text.

    Returns:
        Replies by item id. A text of ``null`` is a reply that never arrived.

    Raises:
        BadAnswers: If a row is no object of an id and a text, or its id is unknown or stands twice. The
            message names the line.
    """
    known = {name: item.item_id for item in items for name in (*item.aliases, item.item_id)}
    replies: dict[str, str | None] = {}
    lines: dict[str, int] = {}
    try:
        text = _text(path)
    except TaskDataError as error:
        raise BadAnswers(str(error)) from None
    for line, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if not raw.strip():
            continue
        row = _row(path, line, raw)
        for field in (id_field, answer_field):
            if field not in row:
                has = ", ".join(map(str, row)) or "nothing"
                option = "--answer-field" if field == answer_field else "--id-field"
                raise BadAnswers(f"{path}:{line}: no field {field!r}, only {has}: name it with {option}")
        given, reply = row[id_field], row[answer_field]
        if isinstance(given, bool) or not isinstance(given, str | int):
            raise BadAnswers(f"{path}:{line}: the id {given!r} is neither a text nor a whole number")
        if reply is not None and not isinstance(reply, str):
            raise BadAnswers(
                f"{path}:{line}: {answer_field!r} must be a text or null, not {type(reply).__name__}"
            )
        item_id = known.get(str(given))
        if item_id is None:
            raise BadAnswers(f"{path}:{line}: no item has the id {given!r}; ids look like {_examples(items)}")
        if item_id in lines:
            raise BadAnswers(
                f"{path}:{line}: the id {given!r} was answered in line {lines[item_id]} already: "
                "one row an item"
            )
        lines[item_id] = line
        replies[item_id] = reply
    return replies


def _row(path: Path, line: int, raw: str) -> dict[str, Any]:
    try:
        row = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadAnswers(f"{path}:{line}: no JSON: {error}") from None
    if not isinstance(row, dict):
        raise BadAnswers(
            f"{path}:{line}: an object with an id and a text is expected, not {type(row).__name__}"
        )
    return row


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _examples(items: Sequence[Item]) -> str:
    return ", ".join(item.item_id for item in items[:3])
