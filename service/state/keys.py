"""The rows of API keys. What a key looks like and how it is checked: `service.security.keys`."""

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from corpora import Frozen
from service.state.database import Database
from service.state.errors import UnknownId
from service.state.rows import Clock, from_maybe_ms, from_ms, maybe_ms, now, to_ms

Scope = Literal["read", "ask", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "ask", "admin")

_USED_EVERY = timedelta(minutes=1)
"""The time of use is kept this exactly: a write for each request would be one too many."""


class StoredKey(Frozen):
    """A key without its secret, which is nowhere.

    Attributes:
        secret_hash: sha256 of the secret part.
        rate_per_minute: ``None``: the server's default.
    """

    key_id: str
    name: str
    secret_hash: bytes = Field(repr=False, min_length=32, max_length=32)
    scopes: tuple[Scope, ...]
    rate_per_minute: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None

    def usable(self, moment: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or moment < self.expires_at)


class Keys:
    """The `keys` table."""

    def __init__(self, database: Database, clock: Clock = now) -> None:
        self._database = database
        self.clock = clock
        self._seen: int | None = None
        self._found: dict[str, StoredKey] = {}
        self._any = False

    def add(self, key: StoredKey) -> None:
        """Keep a new key. In the calling thread, as all but `find` and `mark_used`: for the command line."""
        values = (
            key.key_id,
            key.name,
            key.secret_hash,
            json.dumps(key.scopes),
            key.rate_per_minute,
            to_ms(key.created_at),
            maybe_ms(key.expires_at),
            maybe_ms(key.revoked_at),
            maybe_ms(key.used_at),
        )
        self._database.write_now(
            lambda db: db.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        )

    def all(self) -> tuple[StoredKey, ...]:
        """Oldest first, revoked and expired ones too."""
        rows = self._database.read_now(
            lambda db: db.execute("SELECT * FROM keys ORDER BY created_ms, key_id").fetchall()
        )
        return tuple(_key(row) for row in rows)

    def any_usable(self) -> bool:
        """Whether somebody could sign in with a key."""
        moment = self.clock()
        return any(key.usable(moment) for key in self.all())

    def revoke(self, key_id: str) -> StoredKey:
        """From now on nobody signs in with it; a running server notices at the next request.

        Raises:
            UnknownId: If there is no such key.
        """
        moment = to_ms(self.clock())

        def work(db: sqlite3.Connection) -> Any:
            db.execute(
                "UPDATE keys SET revoked_ms = coalesce(revoked_ms, ?) WHERE key_id = ?", (moment, key_id)
            )
            return db.execute("SELECT * FROM keys WHERE key_id = ?", (key_id,)).fetchone()

        row = self._database.write_now(work)
        if row is None:
            raise UnknownId(
                f"キー {key_id} はありません。`jmedqa key list` で確かめてください。",
                f"There is no key {key_id}; see `jmedqa key list`.",
            )
        return _key(row)

    async def any(self) -> bool:
        """Whether a key was ever made; revoked and expired ones count. For the event loop, as `find`."""
        if not self._any:  # rows are never deleted: once true it stays
            if self._unchanged():
                return False
            seen = self._database.changes()
            self._any = await self._database.read(
                lambda db: db.execute("SELECT 1 FROM keys LIMIT 1").fetchone() is not None
            )
            self._seen = seen
        return self._any

    async def find(self, key_id: str) -> StoredKey | None:
        """The key of this id, usable or not.

        Remembered until anything is committed, so that a revoked key is refused at once and a busy one does
        not cost a query each time.
        """
        if self._unchanged() and key_id in self._found:
            return self._found[key_id]
        seen = self._database.changes()
        row = await self._database.read(
            lambda db: db.execute("SELECT * FROM keys WHERE key_id = ?", (key_id,)).fetchone()
        )
        if row is None:  # not remembered: anyone can send any number of wrong ones
            return None
        self._any = True
        if seen != self._seen:
            self._found.clear()
            self._seen = seen
        return self._found.setdefault(key_id, _key(row))

    def _unchanged(self) -> bool:
        return self._seen is not None and self._database.changes() == self._seen

    async def mark_used(self, key: StoredKey) -> None:
        """Remember that it was used now, to the minute."""
        moment = self.clock()
        if key.used_at is None or moment - key.used_at >= _USED_EVERY:
            await self._database.write(
                lambda db: db.execute(
                    "UPDATE keys SET used_ms = ? WHERE key_id = ?", (to_ms(moment), key.key_id)
                )
            )


def _key(row: Any) -> StoredKey:
    return StoredKey(
        key_id=row["key_id"],
        name=row["name"],
        secret_hash=row["secret_hash"],
        scopes=tuple(json.loads(row["scopes_json"])),
        rate_per_minute=row["rate_per_minute"],
        created_at=from_ms(row["created_ms"]),
        expires_at=from_maybe_ms(row["expires_ms"]),
        revoked_at=from_maybe_ms(row["revoked_ms"]),
        used_at=from_maybe_ms(row["used_ms"]),
    )
