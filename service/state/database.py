"""One SQLite file: durable, used from threads of its own, never from the event loop.

Write-ahead log and `synchronous = FULL`: what a call has returned from is on disk, also after a power cut
(https://www.sqlite.org/pragma.html#pragma_synchronous). One thread writes, so that transactions of this
process never wait for each other; another reads beside it. Deleted text is overwritten (`secure_delete`).
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from service.state.errors import StateUnavailable, translated
from service.state.schema import Schema, migrate, version

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class Database:
    """Open with `open`; `close` when done. Thread-safe."""

    def __init__(
        self,
        path: Path,
        writing: sqlite3.Connection,
        reading: sqlite3.Connection,
        watching: sqlite3.Connection,
    ) -> None:
        self.path = path
        self._writing, self._reading, self._watching = writing, reading, watching
        self._write_lock, self._read_lock = threading.Lock(), threading.Lock()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"{path.stem}-write")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix=f"{path.stem}-read")

    @classmethod
    def open(cls, path: Path, schema: Schema, *, busy_timeout_s: float = 5.0) -> Self:
        """Make or open the file and bring it to the newest version.

        Its folder is made with mode 0700 and the file with 0600; existing ones keep their mode.

        Raises:
            StateUnavailable: If that fails; nothing is changed then.
            StateTooNew: If a later version wrote it.
        """
        opened: list[sqlite3.Connection] = []
        try:
            make_private_folder(path.parent)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            writing = connect(path, busy_timeout_s)
            opened.append(writing)
            migrate(writing, schema, path)
            _prepare_writer(writing, path)
            reading = connect(path, busy_timeout_s)
            opened.append(reading)
            reading.execute("PRAGMA query_only = ON")
            watching = connect(path, 0)
            opened.append(watching)
        except (sqlite3.Error, OSError) as error:
            _close(opened)
            raise translated(error, path) from error
        except BaseException:
            _close(opened)
            raise
        return cls(path, writing, reading, watching)

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` as one transaction in the writer's thread; cancelling the caller does not stop it.

        Raises:
            StateUnavailable: If it cannot be written; nothing of ``work`` is kept then.
        """
        return await asyncio.get_running_loop().run_in_executor(self._writer, self.write_now, work)

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on one snapshot in the reader's thread; it sees every write that has returned."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, self.read_now, work)

    def write_now(self, work: Work[T]) -> T:
        """As `write`, in the calling thread: for the command line."""
        with self._write_lock:
            return self._transaction(self._writing, "BEGIN IMMEDIATE", work)

    def read_now(self, work: Work[T]) -> T:
        """As `read`, in the calling thread."""
        with self._read_lock:
            return self._transaction(self._reading, "BEGIN", work)

    def copy_to(self, target: Path) -> int:
        """Write a snapshot to ``target``, a new file, while writers go on (SQLite's online backup API).

        Returns:
            Its format version.

        Raises:
            StateUnavailable: If that fails.
        """
        source = connect(self.path, 5)
        try:
            os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            copy = connect(target, 5)
            try:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
                return version(copy)
            finally:
                copy.close()
        except (sqlite3.Error, OSError) as error:
            raise translated(error, target) from error
        finally:
            source.close()

    async def checkpoint(self) -> None:
        """Move the write-ahead log into the file and empty it; without effect while someone else reads."""

        def work() -> None:
            with self._write_lock:
                self._writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def changes(self) -> int | None:
        """A number that stays the same while nobody, this process included, commits anything.

        For the event loop: it reads shared memory and waits for nothing (a microsecond or two).
        ``None`` where that cannot be told now.
        """
        try:
            return int(self._watching.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.OperationalError:
            return None

    def close(self) -> None:
        """Finish what was asked for, then let the file go."""
        self._writer.shutdown()
        self._reader.shutdown()
        with self._read_lock, self._write_lock:
            _close([self._watching, self._reading, self._writing])

    def _transaction(self, connection: sqlite3.Connection, begin: str, work: Work[T]) -> T:
        try:
            connection.execute(begin)
            result = work(connection)
            connection.execute("COMMIT")
            return result
        except sqlite3.IntegrityError:
            raise  # means something to the repository that asked
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def connect(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """A connection as every part of `service.state` uses it: rows by name, transactions by hand."""
    connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def make_private_folder(folder: Path) -> None:
    """Make ``folder`` for its owner alone; its missing parents too."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)


def _prepare_writer(connection: sqlite3.Connection, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StateUnavailable(
            f"状態ファイル {path}: このファイルシステムではWALを使えません。"
            "state.dir をローカルディスクに置いてください。",
            f"The state file {path}: its file system has no write-ahead log: put state.dir on a local disk.",
        )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")


def _close(connections: list[sqlite3.Connection]) -> None:
    for connection in reversed(connections):
        connection.close()
