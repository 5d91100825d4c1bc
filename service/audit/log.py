"""The audit log: `audit.sqlite`, its key and its head."""

import asyncio
import getpass
import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from corpora import Frozen
from service.audit.chain import AuditKeys, Head, Row, broken, canonical
from service.audit.files import read_head, read_key, write_head
from service.audit.settings import AuditSettings
from service.state.database import Database
from service.state.errors import StateUnavailable
from service.state.rows import Clock, now
from service.state.schema import AUDIT
from service.state.settings import StateSettings

log = structlog.get_logger(__name__)

_AT_ONCE = 1_000


class Verdict(Frozen):
    """What `AuditLog.verify` found.

    Attributes:
        entries: How many are there now.
        pruned: How many were deleted by retention, and are vouched for by a stub.
        faults: One line each; empty for a log that is whole.
    """

    entries: int
    pruned: int
    faults: tuple[str, ...]


class Entry(Frozen):
    """One entry as it was written, with its number."""

    number: int
    what: dict[str, Any]


class AuditLog:
    """Open with `open`. Thread-safe as `Database` is; several processes may append."""

    def __init__(self, settings: AuditSettings, state: StateSettings, clock: Clock = now) -> None:
        self.settings = settings
        self._state = state
        self._clock = clock
        self.key_file = settings.key_file or state.dir / "audit.key"
        self.head_file = settings.head_file or state.dir / "audit.head"
        self.path = state.dir / "audit.sqlite"
        self._last = Head()

    def open(self) -> None:
        """Open or make the files; blocks.

        A key is made only together with a new log: a log whose key is lost cannot be verified, and a new key
        would hide that.

        Raises:
            StateUnavailable: With the cure.
        """
        new = not self.path.exists()
        self.keys: AuditKeys = read_key(self.key_file, make=new)
        self.database = Database.open(self.path, AUDIT, busy_timeout_s=self._state.busy_timeout_s)
        if not new and read_head(self.keys, self.head_file) is None and self._any():
            log.error("audit head", problem="it is missing or not this log's: the end may have been cut")
            self.append_now("audit.head_missing")

    def close(self) -> None:
        """Let the files go; harmless where they are not open."""
        if hasattr(self, "database"):
            self.database.close()

    async def append(self, entries: Sequence[dict[str, Any]]) -> Head:
        """Write entries, in this order, all or none; then the head.

        Raises:
            StateUnavailable: If they cannot be written.
        """
        head = await self.database.write(lambda db: self._append(db, entries))
        await asyncio.to_thread(self._write_head, head)
        return head

    def append_now(self, action: str, **what: Any) -> None:
        """Write what a command did, in the calling thread."""
        entry = {"at": self.stamp(), "who": f"command:{_user()}", "action": action, **what}
        self._write_head(self.database.write_now(lambda db: self._append(db, [entry])))

    def verify(self, kept: Head | None = None) -> Verdict:
        """Check every link.

        Args:
            kept: A head that was kept elsewhere, in place of the head file.
        """

        def work(db: sqlite3.Connection) -> Verdict:
            return verified(db, self.keys, kept or read_head(self.keys, self.head_file))

        return self.database.read_now(work)

    def export(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[str]:
        """The entries as JSON lines with their number and link, oldest first; ``since`` <= at < ``until``."""
        last, low, high = 0, _stamp(since) if since else "", _stamp(until) if until else "~"
        while True:
            rows = self.database.read_now(
                lambda db, after=last: db.execute(  # type: ignore[misc]
                    "SELECT number, entry_json, link FROM entries WHERE number > ? "
                    "AND json_extract(entry_json, '$.at') >= ? AND json_extract(entry_json, '$.at') < ? "
                    "ORDER BY number LIMIT ?",
                    (after, low, high, _AT_ONCE),
                ).fetchall()
            )
            if not rows:
                return
            for number, entry, link in rows:
                yield json.dumps(
                    {"number": number, **json.loads(entry), "link": link.hex()}, ensure_ascii=False
                )
            last = rows[-1][0]

    async def newest(
        self,
        limit: int,
        *,
        before: int | None = None,
        who: str = "",
        what: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Entry, ...]:
        """Entries before number ``before``, newest first; ``since`` <= at < ``until``.

        Args:
            who: Part of the owner's id or name.
            what: Part of the route or action.
        """
        values = (
            before if before is not None else 2**62,
            _stamp(since) if since else "",
            _stamp(until) if until else "~",
            who,
            what,
            limit,
        )

        def work(db: sqlite3.Connection) -> list[Any]:
            return db.execute(
                "SELECT number, entry_json FROM entries WHERE number < ? "
                "AND json_extract(entry_json, '$.at') >= ? AND json_extract(entry_json, '$.at') < ? "
                "AND instr(coalesce(json_extract(entry_json, '$.who'), '') || ' ' || "
                "coalesce(json_extract(entry_json, '$.name'), ''), ?) "
                "AND instr(coalesce(json_extract(entry_json, '$.route'), '') || ' ' || "
                "coalesce(json_extract(entry_json, '$.action'), ''), ?) "
                "ORDER BY number DESC LIMIT ?",
                values,
            ).fetchall()

        rows = await self.database.read(work)
        return tuple(Entry(number=number, what=json.loads(text)) for number, text in rows)

    def prune(self, days: int | None = None) -> int:
        """Delete the entries, from the oldest on, that are older than ``days``; a signed stub stays.

        Returns:
            How many went.
        """
        until = _stamp(self._clock() - timedelta(days=self.settings.days if days is None else days))

        def work(db: sqlite3.Connection) -> int:
            first_kept = db.execute(
                "SELECT min(number) FROM entries WHERE json_extract(entry_json, '$.at') >= ?", (until,)
            ).fetchone()[0]
            through, link = (
                db.execute("SELECT number, link FROM entries WHERE number = ?", (first_kept - 1,)).fetchone()
                if first_kept is not None
                else db.execute("SELECT number, link FROM entries ORDER BY number DESC LIMIT 1").fetchone()
            ) or (0, b"")
            if not through:
                return 0
            stub = canonical({"through": through, "link": link.hex(), "pruned_at": self.stamp()})
            db.execute("INSERT INTO stubs VALUES (?, ?, ?)", (through, stub, self.keys.mac("stub", stub)))
            return db.execute("DELETE FROM entries WHERE number <= ?", (through,)).rowcount

        gone = self.database.write_now(work)
        if gone:
            self.append_now("audit.prune", entries=gone)
        return gone

    def prune_if_whole(self) -> int:
        """As `prune`, but nothing goes while the log is not whole: that would wipe out the traces."""
        return 0 if self.verify().faults else self.prune()

    def _any(self) -> bool:
        query = "SELECT 1 FROM entries UNION ALL SELECT 1 FROM stubs LIMIT 1"
        return self.database.read_now(lambda db: db.execute(query).fetchone() is not None)

    def stamp(self) -> str:
        """Now, as entries say it: sorts as it reads."""
        return _stamp(self._clock())

    def _write_head(self, head: Head) -> None:
        """A head that lags behind says less, and nothing wrong: no reason to stop."""
        try:
            write_head(self.keys, self.head_file, head)
        except StateUnavailable as error:
            log.error("audit head", problem=error.en)

    def _append(self, db: sqlite3.Connection, entries: Sequence[dict[str, Any]]) -> Head:
        """Go on from the furthest end known, in the file, here or in the table: a cut end stays a gap."""
        head = read_head(self.keys, self.head_file) or Head()
        row = db.execute("SELECT number, link FROM entries ORDER BY number DESC LIMIT 1").fetchone()
        ends = [head, self._last, begin_of(db, self.keys)[0], Head(row[0], row[1]) if row else Head()]
        last = max(ends, key=lambda one: one.number)
        for entry in entries:
            text = canonical(entry)
            last = Head(last.number + 1, self.keys.link(last.link, last.number + 1, text.encode()))
            db.execute("INSERT INTO entries VALUES (?, ?, ?)", (last.number, text, last.link))
        self._last = last
        return last


def verified(db: sqlite3.Connection, keys: AuditKeys, head: Head | None) -> Verdict:
    """Check the log in an open file."""
    begin, faults = begin_of(db, keys)
    count = db.execute("SELECT count(*) FROM entries").fetchone()[0]
    query = "SELECT number, CAST(entry_json AS BLOB), link FROM entries ORDER BY number"
    rows = (Row(*row) for row in db.execute(query))
    found, _ = broken(keys, begin, rows, head)
    return Verdict(entries=count, pruned=begin.number, faults=(*faults, *found))


def begin_of(db: sqlite3.Connection, keys: AuditKeys) -> tuple[Head, list[str]]:
    """Where the entries begin, as the last stub says, and what is wrong with the stubs."""
    begin, faults = Head(), []
    for through, text, mac in db.execute("SELECT through, stub_json, mac FROM stubs ORDER BY through"):
        if keys.mac("stub", text) != mac:
            faults.append(f"stub {through}: it was changed")
            continue
        stub = json.loads(text)
        if stub["through"] != through:
            faults.append(f"stub {through}: it was moved")
        begin = Head(stub["through"], bytes.fromhex(stub["link"]))
    return begin, faults


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "?"
