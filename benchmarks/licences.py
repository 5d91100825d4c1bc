"""The licence registry: what each data set may be used for, where it is got, and what of it is on this
machine.

Nothing is downloaded unless ``jmedqa bench data fetch NAME`` is called. Hashes are of the files that the
parity tests were made with; a file with another hash is another version, and its scores are not comparable.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import Literal

from benchmarks.errors import BadRequest
from benchmarks.tasks.items import Task
from corpora import Frozen

State = Literal["present", "other version", "missing"]


class DataFile(Frozen):
    """A file below the data folder, its sha256, and where it is downloaded from, if anyone may."""

    path: str
    sha256: str | None = None
    url: str | None = None


class DataSet(Frozen):
    """One data set.

    Attributes:
        redistribute: Whether its texts may be passed on. If not, reports hold ids and hashes.
        commercial: Whether a company may measure its product with it.
        as_example: Whether an item may ever stand in a prompt as an example.
        terms: What else its owners ask for.
        hub: Its name on the Hugging Face hub, where it is got from there.
    """

    name: str
    title: str
    licence: str
    redistribute: bool
    commercial: bool
    as_example: bool = True
    terms: str = ""
    home: str
    hub: str | None = None
    files: tuple[DataFile, ...] = ()


@cache
def registry() -> dict[str, DataSet]:
    """All data sets by name, in the order of ``licences.json``."""
    import json

    rows = json.loads(package_files("benchmarks").joinpath("licences.json").read_text(encoding="utf-8"))
    return {row["name"]: DataSet.model_validate(row) for row in rows}


def data_set(name: str) -> DataSet:
    """The data set of a name; the error lists the names that there are."""
    if name not in registry():
        raise BadRequest(f"no such data set: {name}; known: {', '.join(registry())}")
    return registry()[name]


def may_be_shown(task: Task) -> bool:
    """Whether a report may hold the task's questions. Of several sources, the strictest counts."""
    return all(data_set(name).redistribute for name in task.data_sets)


def check_commercial(task: Task) -> None:
    """Refuse a task of non-commercial data.

    Raises:
        BadRequest: With the data set and its licence.
    """
    for name in task.data_sets:
        found = data_set(name)
        if not found.commercial:
            raise BadRequest(
                f"{task.task_id}: {name} is {found.licence}, which allows no commercial use: "
                "leave out --commercial or the task"
            )


def state(entry: DataSet, data: Path) -> State:
    """Whether the data set's files are below ``data``, byte for byte."""
    present = [data / file.path for file in entry.files if (data / file.path).is_file()]
    if not entry.files or len(present) < len(entry.files):
        return "missing"
    return "present" if not differing(entry.files, data) else "other version"


def differing(files: Sequence[DataFile], data: Path) -> list[str]:
    """Paths of those files whose bytes are not the expected ones."""
    return [file.path for file in files if file.sha256 and sha256_of(data / file.path) != file.sha256]


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
