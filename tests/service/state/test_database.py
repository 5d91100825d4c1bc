"""The files of the state folder: private, durable, upgraded, and clear about what is wrong with them."""

import asyncio
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from service.state.database import Database, connect
from service.state.errors import StateTooNew, StateUnavailable
from service.state.schema import SERVICE, Schema, migrate

PAST = SERVICE.scripts()
TABLES = {"keys", "answers", "conversations", "turns", "jobs", "feedback", "idempotency"}


def shape(path: Path) -> list[str]:
    """Every table, index and trigger as the file defines it."""
    with sqlite3.connect(path) as connection:
        return sorted(row[0] or "" for row in connection.execute("SELECT sql FROM sqlite_schema"))


def opened(path: Path, schema: Schema = SERVICE) -> Database:
    return Database.open(path, schema, busy_timeout_s=0.05)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "state" / "service.sqlite"


def test_a_new_file_is_for_its_owner_alone_and_durable(path: Path) -> None:
    database = opened(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    for name, value in pragmas.items():
        found = database.write_now(lambda db, name=name: db.execute(f"PRAGMA {name}").fetchone()[0])  # type: ignore[misc]
        assert found == value, name
    tables = database.read_now(
        lambda db: {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    )
    assert tables >= TABLES
    database.close()


@pytest.mark.parametrize("before", range(len(PAST) + 1))
def test_every_earlier_version_is_upgraded_to_what_a_new_file_is(
    path: Path, tmp_path: Path, before: int
) -> None:
    path.parent.mkdir(parents=True)
    connection = connect(path, 1)
    assert migrate(connection, SERVICE, path, to=before) == 0
    if before:
        connection.execute(
            "INSERT INTO answers (answer_id, owner, question_json, answer_json, made_by, created_ms) "
            "VALUES ('ans_1', 'local', '{}', '{}', '0', 0)"
        )
    connection.close()
    opened(path).close()
    opened(tmp_path / "new.sqlite").close()
    assert shape(path) == shape(tmp_path / "new.sqlite")
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM answers").fetchone()[0] == (1 if before else 0)
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(PAST)


def test_an_upgrade_that_fails_leaves_the_version_it_began_with(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(path).close()
    before = shape(path)
    monkeypatch.setattr(Schema, "scripts", lambda schema: [*PAST, "CREATE TABLE extra (x);\nNONSENSE;\n"])
    with pytest.raises(StateUnavailable):
        opened(path)
    monkeypatch.undo()
    assert shape(path) == before
    opened(path).close()


def test_a_file_of_a_later_version_is_refused_with_the_cure(path: Path) -> None:
    opened(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(StateTooNew, match="update jmedqa"):
        opened(path)


def test_another_programs_file_is_left_alone(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StateUnavailable, match="another program"):
        opened(path)
    assert shape(path) == ["CREATE TABLE theirs (x)"]


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StateUnavailable, match="no SQLite database"):
        opened(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StateUnavailable, match="check where"):
        opened(tmp_path / "file" / "state" / "service.sqlite")


def test_a_full_disk_keeps_nothing_of_the_transaction(path: Path) -> None:
    database = opened(path)

    def fill(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO conversations VALUES ('c', 'local', 't', 0, 0)")
        for number in range(1000):
            db.execute("INSERT INTO turns VALUES ('c', ?, ?, NULL, NULL, 0)", (number + 1, "x" * 4000))

    database.write_now(lambda db: db.execute("PRAGMA max_page_count = 60"))
    with pytest.raises(StateUnavailable, match="disk is full"):
        database.write_now(fill)
    count = "SELECT count(*) FROM conversations"
    assert database.read_now(lambda db: db.execute(count).fetchone()[0]) == 0
    database.write_now(lambda db: db.execute("INSERT INTO conversations VALUES ('c', 'l', 't', 0, 0)"))
    assert database.read_now(lambda db: db.execute(count).fetchone()[0]) == 1
    database.close()


def test_a_file_that_another_process_holds_is_named_and_free_afterwards(path: Path) -> None:
    database = opened(path)
    other = connect(path, 0)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateUnavailable, match="another process"):
        database.write_now(lambda db: None)
    other.execute("ROLLBACK")
    other.close()
    database.write_now(lambda db: None)
    database.close()


def test_a_read_cannot_write(path: Path) -> None:
    database = opened(path)
    with pytest.raises(StateUnavailable, match="may not be written"):
        database.read_now(lambda db: db.execute("DELETE FROM answers"))
    database.close()


def test_an_error_inside_a_transaction_undoes_it(path: Path) -> None:
    database = opened(path)

    def work(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO conversations VALUES ('c', 'local', 't', 0, 0)")
        raise KeyError

    with pytest.raises(KeyError):
        database.write_now(work)
    assert not database.read_now(lambda db: db.execute("SELECT * FROM conversations").fetchall())
    database.close()


def test_writes_run_one_after_another_and_never_on_the_event_loop(path: Path) -> None:
    database = opened(path)
    threads: set[str] = set()

    def add(db: sqlite3.Connection) -> None:
        threads.add(threading.current_thread().name)
        number = db.execute("SELECT count(*) FROM conversations").fetchone()[0]
        db.execute("INSERT INTO conversations VALUES (?, 'local', 't', 0, 0)", (str(number),))

    async def many() -> None:
        await asyncio.gather(*(database.write(add) for _ in range(50)))

    asyncio.run(many())
    assert database.read_now(lambda db: db.execute("SELECT count(*) FROM conversations").fetchone()[0]) == 50
    assert len(threads) == 1
    assert threading.main_thread().name not in threads
    database.close()


def test_deleted_text_is_not_left_in_the_file(path: Path) -> None:
    database = opened(path)
    database.write_now(
        lambda db: db.execute("INSERT INTO conversations VALUES ('c', 'local', 'SECRET-CANARY', 0, 0)")
    )
    database.write_now(lambda db: db.execute("DELETE FROM conversations"))
    database.close()  # moves the log into the file
    assert b"SECRET-CANARY" not in b"".join(file.read_bytes() for file in path.parent.iterdir())
