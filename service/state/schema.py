"""The numbered versions of each database, as SQL files applied in order; there is no way back.

`PRAGMA user_version` says which version a file has and `PRAGMA application_id` whose it is. All that is
missing is applied in one transaction: a killed upgrade leaves the version it began with.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from service.state.errors import StateTooNew, StateUnavailable


@dataclass(frozen=True)
class Schema:
    """One kind of database.

    Attributes:
        name: Also the folder of its migrations and the stem of its file.
        application_id: Written into the file's header, so that no other program's file is upgraded.
    """

    name: str
    application_id: int

    def scripts(self) -> list[str]:
        """The migrations; the first makes version 1."""
        folder = files("service.state") / "migrations" / self.name
        found = sorted((file.name, file.read_text(encoding="utf-8")) for file in folder.iterdir())
        assert [name[:4] for name, _ in found] == [f"{n:04d}" for n in range(1, len(found) + 1)]
        return [script for _, script in found]


SERVICE = Schema("service", 0x4A4D5153)
AUDIT = Schema("audit", 0x4A4D5141)


def migrate(connection: sqlite3.Connection, schema: Schema, path: Path, to: int | None = None) -> int:
    """Bring an open file to version ``to``, the newest by default.

    Returns:
        The version it had; 0 for a new file.

    Raises:
        StateTooNew: If it is newer than this program knows.
        StateUnavailable: If the file is another program's.
    """
    scripts = schema.scripts()
    newest = len(scripts) if to is None else to
    before = checked_version(connection, schema, path, len(scripts))
    if before >= newest:
        return before
    connection.execute("BEGIN IMMEDIATE")
    try:
        before = version(connection)  # another process may have been faster
        for number, script in enumerate(scripts[before:newest], start=before + 1):
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {schema.application_id}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return before


def checked_version(connection: sqlite3.Connection, schema: Schema, path: Path, newest: int) -> int:
    """The file's version, if it is ours and known; raises as :func:`migrate`."""
    found = version(connection)
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    empty = not connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    if application != schema.application_id and not (empty and application == 0 and found == 0):
        raise StateUnavailable(
            f"状態ファイル {path}: 別のプログラムか別の用途のファイルです。"
            "退避するか state.dir を変えてください。",
            f"The state file {path}: it belongs to another program or use: move it away, "
            "or change state.dir.",
        )
    if found > newest:
        raise StateTooNew(
            f"状態ファイル {path}: 形式の版 {found} は、このプログラムの知る版 {newest} より新しいものです。"
            "jmedqa を更新するか、この版で作ったバックアップを `jmedqa restore` で戻してください。",
            f"The state file {path}: its format version {found} is newer than this program's {newest}: "
            "update jmedqa, or restore a backup that this version made (`jmedqa restore`).",
        )
    return found


def version(connection: sqlite3.Connection) -> int:
    """The format version of an open file; 0 if it is new."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """One statement at a time: `executescript` would commit the transaction it runs in."""
    held = ""
    for line in script.splitlines(keepends=True):
        held += line
        if sqlite3.complete_statement(held):
            yield held
            held = ""
    assert not held.strip(), held
