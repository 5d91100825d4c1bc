"""One case run on disk: what was asked for, and one line for each answered question.

Lines are appended and synced, so a run that was killed goes on where it stopped. A last line that was
cut while it was written is taken away, and its question asked again.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from service.cases.agents import CaseAnswer
from service.cases.errors import BadCase

RUN = "run.json"
ANSWERS = "answers.jsonl"


class CaseRun:
    """The folder of one run. ``about`` says what makes it this run; a folder holds one only."""

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        self.folder = folder
        self._about = dict(about)
        self._answers = folder / ANSWERS

    def open(self) -> dict[str, dict[str, CaseAnswer]]:
        """Make the folder, or go on with it: case → question → record of what is done.

        Raises:
            BadCase: If the folder holds another run, or a record cannot be read.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        about = self.folder / RUN
        text = json.dumps(self._about, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        if about.exists() and about.read_text(encoding="utf-8") != text:
            raise BadCase(about, "it is of a run with other settings: name another folder with --out")
        if not about.exists():
            about.write_text(text, encoding="utf-8")
        done: dict[str, dict[str, CaseAnswer]] = {}
        for record in self._read():
            done.setdefault(record.case_id, {})[record.question_id] = record
        return done

    def append(self, record: CaseAnswer) -> None:
        """Keep one record; it is on disk when this returns."""
        with self._answers.open("ab") as stream:
            stream.write(record.model_dump_json().encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())

    def _read(self) -> list[CaseAnswer]:
        if not self._answers.exists():
            return []
        raw = self._answers.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) < len(raw):
            with self._answers.open("r+b") as stream:
                stream.truncate(len(whole))
        return read_answers(self.folder)


def read_answers(folder: Path) -> list[CaseAnswer]:
    """The whole records of a run, in the order they were made.

    Raises:
        BadCase: If there are none, or one cannot be read.
    """
    file = folder / ANSWERS
    if not file.is_file():
        raise BadCase(file, "there is no case run here: make one with jmedqa case run")
    raw = file.read_bytes()
    records = []
    for number, line in enumerate(raw[: raw.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            records.append(CaseAnswer.model_validate_json(line))
        except ValidationError:
            raise BadCase(file, f"line {number} is no record of a case run") from None
    return records
