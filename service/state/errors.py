# ruff: noqa: N818  (the names say what happened)
"""What can go wrong with the files of `service.state`.

SQLite's own exceptions are translated here and go no further.
"""

import sqlite3
from pathlib import Path

from service.errors import ServiceError


class StateUnavailable(ServiceError):
    """A database of the state folder cannot be opened, read or written; the message names the cure."""

    code = "state-unavailable"
    status = 503
    exit_code = 6
    retry_after_s = 30


class StateTooNew(StateUnavailable):
    """The file was written by a later version; reading it could lose what this one does not know of."""

    code = "state-too-new"


class UnknownId(ServiceError):
    """There is nothing of this id, or it belongs to someone else: which of the two is not told."""

    code = "unknown-id"
    status = 404
    exit_code = 2


class IdempotencyConflict(ServiceError):
    """The Idempotency-Key came with another request before."""

    code = "idempotency-conflict"
    status = 422
    exit_code = 2


class IdempotencyBusy(ServiceError):
    """The first request of this Idempotency-Key is still being answered."""

    code = "idempotency-busy"
    status = 409
    retry_after_s = 5


_CAUSES: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: (
        "ディスクに空きがありません。空きを作って再度お試しください。",
        "the disk is full: free some space and try again",
    ),
    sqlite3.SQLITE_BUSY: (
        "別のプロセスが使用中です。少し待って再度お試しください。",
        "another process is using it: try again shortly",
    ),
    sqlite3.SQLITE_LOCKED: (
        "別のプロセスが使用中です。少し待って再度お試しください。",
        "another process is using it: try again shortly",
    ),
    sqlite3.SQLITE_READONLY: (
        "書き込みが許されていません。state.dir の所有者と権限、読み取り専用マウントを確かめてください。",
        "it may not be written: check the owner and mode of state.dir, and whether its disk is mounted "
        "read-only",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "開けません。state.dir の場所と権限を確かめてください。",
        "it cannot be opened: check where state.dir is and its permissions",
    ),
    sqlite3.SQLITE_IOERR: (
        "ディスクの読み書きに失敗しました。ディスクを確かめ、必要なら `jmedqa restore` で戻してください。",
        "the disk failed: check it, and restore a backup (`jmedqa restore`) if the file is lost",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "ファイルが壊れています。`jmedqa restore` でバックアップから戻してください。",
        "the file is damaged: restore a backup (`jmedqa restore`)",
    ),
    sqlite3.SQLITE_NOTADB: (
        "SQLiteのファイルではありません。退避するか、`jmedqa restore` でバックアップから戻してください。",
        "the file is no SQLite database: move it away, or restore a backup (`jmedqa restore`)",
    ),
}


def translated(error: sqlite3.Error | OSError, path: Path) -> StateUnavailable:
    """SQLite's or the system's error in the words of whoever runs the service."""
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return _unavailable(
            path,
            f"{reason}。state.dir の場所と権限を確かめてください。",
            f"{reason}: check where state.dir is and its permissions",
        )
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return _unavailable(path, *_CAUSES.get(code, (f"使えません({name})。", f"it cannot be used ({name})")))


def _unavailable(path: Path, ja: str, en: str) -> StateUnavailable:
    return StateUnavailable(f"状態ファイル {path}: {ja}", f"The state file {path}: {en}.")
