"""A run on disk: append-only files, one writer, and what a crash can leave at their ends.

``records.jsonl`` gets one line per record, forced to the disk before the record counts as done. A line that
a crash tore off has no line feed, or after a loss of power is no JSON; only the last one can be, and it is
cut away. Anything else that cannot be read is an error that names the line: no record is ever skipped.
"""

import asyncio
import fcntl
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar

from pydantic import ValidationError

from benchmarks.errors import BadRequest, RunCorrupt
from benchmarks.runs.records import PassageRecord, Record
from corpora import Frozen

Row = TypeVar("Row", bound=Frozen)

RECORDS, PASSAGES, MANIFEST, LOCK = "records.jsonl", "passages.jsonl", "manifest.json", "lock"


class AppendFile:
    """Lines that are on the disk once `add` has returned; lines that wait together are forced together."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("ab", buffering=0)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, row: Frozen) -> None:
        """Append one row.

        Raises:
            OSError: If it cannot be written, for every row that waits; nothing half-written stays.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((row.model_dump_json().encode() + b"\n", done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._drain())
        await done

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._write, b"".join(line for line, _ in batch))
            except OSError as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
            else:
                for _, done in batch:
                    if not done.done():
                        done.set_result(None)

    def _write(self, lines: bytes) -> None:
        before = os.fstat(self._file.fileno()).st_size
        try:
            written = 0
            while written < len(lines):
                written += self._file.write(lines[written:]) or 0
            os.fsync(self._file.fileno())
        except OSError:
            os.ftruncate(self._file.fileno(), before)
            raise

    def close(self) -> None:
        """Close the file; what `add` has not returned from may be lost."""
        self._file.close()


Key = tuple[str | None, str]


def key_of(passage: PassageRecord) -> Key:
    """Generation and passage id: two indexes may use one id."""
    return passage.generation, passage.passage_id


class RunFolder:
    """One writer's hold on a run. Close it, or use it as a context."""

    def __init__(self, path: Path, lock: BinaryIO, records: list[Record], torn: int) -> None:
        self.path = path
        self.records = records
        self.torn = torn
        self._lock = lock
        self._records = AppendFile(path / RECORDS)
        self._passages = AppendFile(path / PASSAGES)
        rows = read_rows(path / PASSAGES, PassageRecord, cut=True)[0]
        self._kept: dict[Key, asyncio.Future[None] | None] = dict.fromkeys(map(key_of, rows))

    @classmethod
    def open(cls, path: Path, *, resume: bool) -> Self:
        """Take the run for writing; a torn last line is cut off.

        Args:
            resume: Whether a run that has begun is gone on with.

        Raises:
            BadRequest: If another process writes it, or it has begun and ``resume`` is false.
            RunCorrupt: If a line before the last is no record.
        """
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / LOCK).open("ab", buffering=0)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise BadRequest(f"{path} is being written by another process: wait for it or end it") from None
        try:
            if not resume and any((path / name).exists() for name in (MANIFEST, RECORDS)):
                raise BadRequest(f"{path} holds a run already: go on with --resume, or name another --out")
            records, torn = read_rows(path / RECORDS, Record, cut=True)
            read_rows(path / PASSAGES, PassageRecord, cut=True)
            return cls(path, lock, records, torn)
        except BaseException:
            lock.close()
            raise

    async def add(self, record: Record, passages: Iterable[PassageRecord]) -> None:
        """Write a record, and before it the passages it shows that are not kept yet."""
        rows = {key_of(passage): passage for passage in passages}
        for key, passage in rows.items():
            if key not in self._kept:
                self._kept[key] = asyncio.ensure_future(self._passages.add(passage))
        await asyncio.gather(*(kept for key in rows if (kept := self._kept[key]) is not None))
        await self._records.add(record)

    def write_manifest(self, manifest: dict[str, Any]) -> None:
        """Replace the manifest, whole or not at all."""
        replace(self.path / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")

    def close(self) -> None:
        """Let others write."""
        self._records.close()
        self._passages.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def read_rows(path: Path, kind: type[Row], *, cut: bool = False) -> tuple[list[Row], int]:
    """All rows of an append-only file, and the bytes of a torn last line, which is no row.

    Args:
        cut: Take a torn last line off the file, so that the next row does not run into it.

    Raises:
        RunCorrupt: If a line before the last cannot be read.
    """
    if not path.exists():
        return [], 0
    data = path.read_bytes()
    lines = data.split(b"\n")
    torn = len(lines.pop())
    rows: list[Row] = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(kind.model_validate_json(line))
        except ValidationError as error:
            if number == len(lines) and not torn and not _is_json(line):
                torn = len(line) + 1
                break
            reason = error.errors(include_input=False)[0]["msg"]
            raise RunCorrupt(path, number, reason) from None
    if torn and cut:
        with path.open("r+b") as file:
            file.truncate(len(data) - torn)
            os.fsync(file.fileno())
    return rows, torn


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def read_records(path: Path) -> list[Record]:
    """The records of a run, for scoring; of a cell that was tried again the last one. Takes no lock.

    Raises:
        BadRequest: If the folder holds no run.
        RunCorrupt: If a line cannot be read.
    """
    if not (path / RECORDS).is_file():
        raise BadRequest(f"{path} holds no {RECORDS}: name the folder that `jmedqa bench run --out` made")
    return latest(read_rows(path / RECORDS, Record)[0])


def latest(records: Sequence[Record]) -> list[Record]:
    """Of every cell the last record, in the order of their first ones."""
    return list({record.cell: record for record in records}.values())


def read_passages(path: Path) -> dict[Key, PassageRecord]:
    """The passages that records show."""
    return {key_of(row): row for row in read_rows(path / PASSAGES, PassageRecord)[0]}


def read_manifest(path: Path) -> dict[str, Any]:
    """The run's manifest.

    Raises:
        BadRequest: If the folder holds none that can be read.
    """
    try:
        found = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except OSError:
        raise BadRequest(
            f"{path} holds no {MANIFEST}: name the folder that `jmedqa bench run --out` made"
        ) from None
    except ValueError as error:
        raise BadRequest(f"{path / MANIFEST} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise BadRequest(f"{path / MANIFEST} is no object")
    return found
