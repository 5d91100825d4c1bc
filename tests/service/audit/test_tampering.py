"""Whoever changes the table is found, whatever they change: 1,000 of 1,000."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from service.audit.chain import AuditKeys, Head
from service.audit.files import read_head
from service.audit.log import AuditLog, verified
from service.state.database import connect
from tests.service.audit.conftest import audit_log, fill
from tests.service.state.conftest import MovedClock

TIMES = 1_000
Tamper = Callable[[sqlite3.Connection, random.Random], None]


def numbers(db: sqlite3.Connection) -> list[int]:
    return [row[0] for row in db.execute("SELECT number FROM entries ORDER BY number")]


def one(db: sqlite3.Connection, number: int) -> tuple[int, str, bytes]:
    row = db.execute("SELECT number, entry_json, link FROM entries WHERE number = ?", (number,)).fetchone()
    return row[0], row[1], row[2]


def change_text(db: sqlite3.Connection, dice: random.Random) -> None:
    number, entry, _ = one(db, dice.choice(numbers(db)))
    place = dice.randrange(len(entry))
    letter = dice.choice([other for other in "0123456789abcXYZあ\x00" if other != entry[place]])
    changed = entry[:place] + letter + entry[place + 1 :]
    db.execute("UPDATE entries SET entry_json = ? WHERE number = ?", (changed, number))


def change_link(db: sqlite3.Connection, dice: random.Random) -> None:
    number, _, link = one(db, dice.choice(numbers(db)))
    changed = bytearray(link)
    changed[dice.randrange(32)] ^= 1 << dice.randrange(8)
    db.execute("UPDATE entries SET link = ? WHERE number = ?", (bytes(changed), number))


def change_to_other_bytes(db: sqlite3.Connection, dice: random.Random) -> None:
    number = dice.choice(numbers(db))
    db.execute(
        "UPDATE entries SET entry_json = CAST(? AS TEXT) WHERE number = ?", (dice.randbytes(20), number)
    )


def delete(db: sqlite3.Connection, dice: random.Random) -> None:
    gone = dice.sample(numbers(db), dice.randint(1, 5))
    db.executemany("DELETE FROM entries WHERE number = ?", [(number,) for number in gone])


def delete_and_close_ranks(db: sqlite3.Connection, dice: random.Random) -> None:
    gone = dice.choice(numbers(db)[:-1])
    db.execute("DELETE FROM entries WHERE number = ?", (gone,))
    for number in [later for later in numbers(db) if later > gone]:
        db.execute("UPDATE entries SET number = ? WHERE number = ?", (number - 1, number))


def insert(db: sqlite3.Connection, dice: random.Random) -> None:
    place = dice.choice(numbers(db))
    _, entry, link = one(db, dice.choice(numbers(db)))
    for number in reversed([later for later in numbers(db) if later >= place]):
        db.execute("UPDATE entries SET number = ? WHERE number = ?", (number + 1, number))
    db.execute("INSERT INTO entries VALUES (?, ?, ?)", (place, entry, link))


def append(db: sqlite3.Connection, dice: random.Random) -> None:
    last, entry, link = one(db, numbers(db)[-1])
    forged = sha256(link + entry.encode()).digest() if dice.random() < 0.5 else dice.randbytes(32)
    db.execute("INSERT INTO entries VALUES (?, ?, ?)", (last + dice.randint(1, 3), entry, forged))


def swap(db: sqlite3.Connection, dice: random.Random) -> None:
    (first, *of_first), (second, *of_second) = (one(db, number) for number in dice.sample(numbers(db), 2))
    for number, (entry, link) in ((first, of_second), (second, of_first)):
        db.execute("UPDATE entries SET entry_json = ?, link = ? WHERE number = ?", (entry, link, number))


def cut_the_end(db: sqlite3.Connection, dice: random.Random) -> None:
    first_gone = dice.choice(numbers(db))
    db.execute("DELETE FROM entries WHERE number >= ?", (first_gone,))


def cut_the_beginning(db: sqlite3.Connection, dice: random.Random) -> None:
    db.execute("DELETE FROM entries WHERE number <= ?", (dice.choice(numbers(db)),))


def empty(db: sqlite3.Connection, dice: random.Random) -> None:
    db.execute("DELETE FROM entries")
    if dice.random() < 0.5:
        db.execute("DELETE FROM stubs")


def rewrite_with_another_key(db: sqlite3.Connection, dice: random.Random) -> None:
    """All links computed anew from one place on, by someone who knows how but not the key."""
    keys = AuditKeys(dice.randbytes(32))
    begin = dice.choice(numbers(db)[:-1])
    previous = one(db, begin)[2]
    for number in [later for later in numbers(db) if later > begin]:
        entry = one(db, number)[1].replace("key1", "key2")
        previous = keys.link(previous, number, entry.encode())
        db.execute("UPDATE entries SET entry_json = ?, link = ? WHERE number = ?", (entry, previous, number))


def change_the_stub(db: sqlite3.Connection, dice: random.Random) -> None:
    _, text, _ = db.execute("SELECT through, stub_json, mac FROM stubs").fetchone()
    place = dice.randrange(len(text))
    db.execute(
        "UPDATE stubs SET stub_json = ?", (text[:place] + "7#"[text[place] == "7"] + text[place + 1 :],)
    )


def move_the_stub(db: sqlite3.Connection, dice: random.Random) -> None:
    through = dice.choice(numbers(db))
    db.execute("DELETE FROM entries WHERE number <= ?", (through,))
    db.execute("UPDATE stubs SET through = ?", (through,))


WAYS: list[Tamper] = [
    change_text,
    change_link,
    change_to_other_bytes,
    delete,
    delete_and_close_ranks,
    insert,
    append,
    swap,
    cut_the_end,
    cut_the_beginning,
    empty,
    rewrite_with_another_key,
    change_the_stub,
    move_the_stub,
]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AuditLog, sqlite3.Connection]]:
    """A log of 60 entries, 20 of them pruned, and a connection of someone who removed the triggers."""
    clock = MovedClock()
    log = audit_log(tmp_path_factory.mktemp("tampering") / "state", clock)
    fill(log, clock, 20)
    clock.move(days=2)
    fill(log, clock, 40)
    assert log.prune(days=1) == 20
    connection = connect(log.path, 5)
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    yield log, connection
    connection.close()
    log.close()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_tampering_is_found(opened: tuple[AuditLog, sqlite3.Connection], way: Tamper) -> None:
    log, db = opened
    head = read_head(log.keys, log.head_file)
    assert verified(db, log.keys, head).faults == ()
    missed = []
    times = TIMES // len(WAYS) + 1
    for seed in range(times):
        db.execute("BEGIN")
        way(db, random.Random(seed))
        if not verified(db, log.keys, head).faults:
            missed.append(seed)
        db.execute("ROLLBACK")
    assert missed == []
    assert times * len(WAYS) >= TIMES
    assert verified(db, log.keys, head).faults == ()


def test_the_table_lets_nothing_be_changed_or_deleted(log: AuditLog, clock: MovedClock) -> None:
    fill(log, clock, 3)
    connection = connect(log.path, 5)
    for statement in (
        "DELETE FROM entries",
        "DELETE FROM entries WHERE number = 3",
        "UPDATE entries SET entry_json = '{}' WHERE number = 1",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()
    assert log.verify().faults == ()


def test_a_cut_end_stays_visible_after_the_log_goes_on(tmp_path: Path, clock: MovedClock) -> None:
    """Also when the head file went with it, as long as the server that wrote it runs."""
    log = audit_log(tmp_path / "state", clock)
    fill(log, clock, 10)
    with sqlite3.connect(log.path) as connection:
        connection.execute("DROP TRIGGER entries_are_not_deleted")
        connection.execute("DELETE FROM entries WHERE number > 7")
    log.head_file.unlink()
    fill(log, clock, 2)
    assert log.verify().faults == ("8 to 10: missing",)
    log.close()


def test_a_head_that_is_gone_when_a_server_starts_leaves_an_entry(tmp_path: Path, clock: MovedClock) -> None:
    log = audit_log(tmp_path / "state", clock)
    fill(log, clock, 3)
    log.close()
    log.head_file.unlink()
    again = audit_log(tmp_path / "state", clock)
    assert '"action": "audit.head_missing"' in list(again.export())[-1]
    again.close()


@pytest.mark.parametrize("text", ["", "x", "3 " + "0" * 64 + " " + "0" * 64, "あ"])
def test_a_forged_head_counts_as_none(log: AuditLog, clock: MovedClock, text: str) -> None:
    fill(log, clock, 3)
    log.head_file.write_text(text, encoding="utf-8")
    assert log.verify().faults


def test_a_head_kept_elsewhere_finds_an_end_cut_together_with_its_head(
    log: AuditLog, clock: MovedClock
) -> None:
    fill(log, clock, 5)
    earlier = log.head_file.read_text(encoding="ascii")
    fill(log, clock, 5)
    kept = read_head(log.keys, log.head_file)
    with sqlite3.connect(log.path) as connection:
        connection.execute("DROP TRIGGER entries_are_not_deleted")
        connection.execute("DELETE FROM entries WHERE number > 5")
    log.head_file.write_text(earlier, encoding="ascii")
    assert log.verify().faults == ()  # an attacker who may write everything here, and an old head
    assert log.verify(kept).faults == ("6 to 10: missing at the end",)


def test_an_entry_of_another_history_of_the_same_log_is_found(tmp_path: Path, clock: MovedClock) -> None:
    """After a restore there are two: each entry is genuine, has its number, and belongs to one of them."""
    first = audit_log(tmp_path / "first", clock)
    fill(first, clock, 5)
    first.close()
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    first, second = audit_log(tmp_path / "first", clock), audit_log(tmp_path / "second", clock)
    fill(first, clock, 5)
    fill(second, clock, 5)
    with sqlite3.connect(first.path) as mine, sqlite3.connect(second.path) as theirs:
        row = theirs.execute("SELECT entry_json, link FROM entries WHERE number = 7").fetchone()
        mine.execute("DROP TRIGGER entries_are_not_changed")
        mine.execute("UPDATE entries SET entry_json = ?, link = ? WHERE number = 7", row)
    assert first.verify().faults
    assert second.verify().faults == ()
    first.close()
    second.close()


def test_several_processes_write_one_chain(tmp_path: Path, clock: MovedClock) -> None:
    logs = [audit_log(tmp_path / "state", clock) for _ in range(3)]

    async def many() -> None:
        await asyncio.gather(*(log.append([{"at": log.stamp(), "n": n}]) for n in range(20) for log in logs))

    asyncio.run(many())
    assert (logs[0].verify().entries, logs[0].verify().faults) == (60, ())
    for log in logs:
        log.close()


def test_an_empty_log_is_whole(log: AuditLog) -> None:
    assert log.verify().faults == ()
    assert log.verify(Head(1, bytes(32))).faults == ("1 to 1: missing at the end",)
