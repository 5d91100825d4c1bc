"""Read files of one model each, TOML or JSON: cases, and whatever else is written the same way."""

import json
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from service.cases.cases import Case
from service.cases.errors import BadCase, faults

SUFFIXES = (".toml", ".json")
MAX_BYTES = 1_048_576
"""A case has a few kilobytes; more is another kind of file."""

Model = TypeVar("Model", bound=BaseModel)


def load(model: type[Model], file: Path) -> Model:
    """The file as that model.

    Raises:
        BadCase: If it cannot be read, is neither TOML nor JSON, or does not fit the model.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadCase(file, error.strerror or "it cannot be read") from None
    if len(raw) > MAX_BYTES:
        raise BadCase(file, f"it is larger than {MAX_BYTES:,} bytes, so it is no case")
    try:
        text = raw.decode("utf-8-sig")
        value = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
        return model.model_validate(value)
    except UnicodeDecodeError:
        raise BadCase(file, "it is not UTF-8") from None
    except ValidationError as error:
        raise BadCase(file, faults(error)) from None
    except (ValueError, RecursionError) as error:
        raise BadCase(file, f"not {file.suffix[1:].upper()}: {error}") from None


def load_case(file: Path) -> Case:
    """One case file.

    Raises:
        BadCase: As `load`; also where the file is not named after the case.
    """
    case = load(Case, file)
    if file.stem != case.case_id:
        raise BadCase(file, f"it holds {case.case_id}: name it {case.case_id}{file.suffix}")
    return case


def case_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and those in the folders named, in the order of their names.

    Raises:
        BadCase: If a path does not exist or a folder holds no case.
    """
    for path in paths:
        if path.is_dir():
            found = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
            if not found:
                raise BadCase(path, "the folder holds no .toml or .json file")
            yield from found
        elif path.is_file():
            yield path
        else:
            raise BadCase(path, "there is no such file or folder")
