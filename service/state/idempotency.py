"""Idempotency-Key: a write that is sent twice is done once, and answered twice with the same bytes.

After the draft of the IETF (draft-ietf-httpapi-idempotency-key-header-07): the same key with another request
is 422, a key whose first request is not finished 409.
"""

import json
import sqlite3
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

from corpora import Frozen
from service.state.database import Database
from service.state.errors import IdempotencyBusy, IdempotencyConflict
from service.state.rows import Clock, now, to_ms

ABANDONED = timedelta(minutes=15)
"""After that a request without an end was cut off with its server, and the next one takes its place."""


class Replay(Frozen):
    """The reply the first request got."""

    status: int
    headers: dict[str, str]
    body: bytes


def request_hash(method: str, route: str, body: bytes) -> bytes:
    """sha256 of what makes two requests the same."""
    return sha256(b"\0".join([method.encode(), route.encode(), body])).digest()


class Idempotency:
    """The `idempotency` table; keys of different owners are different keys."""

    def __init__(self, database: Database, clock: Clock = now) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, owner: str, key: str, request: bytes) -> Replay | None:
        """Reserve the key for this request (its `request_hash`).

        Returns:
            ``None``: do the work, then `finish` or `abandon`. Else the reply to send again.

        Raises:
            IdempotencyConflict: If the key came with another request.
            IdempotencyBusy: If the first request is not finished.
        """
        moment = self._clock()

        def work(db: sqlite3.Connection) -> Any:
            row = db.execute(
                "SELECT * FROM idempotency WHERE owner = ? AND idempotency_key = ?", (owner, key)
            ).fetchone()
            if row is None or (row["status"] is None and row["created_ms"] < to_ms(moment - ABANDONED)):
                db.execute(
                    "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, NULL, NULL, NULL, ?)",
                    (owner, key, request, to_ms(moment)),
                )
                return None
            return row

        row = await self._database.write(work)
        if row is None:
            return None
        if row["request_hash"] != request:
            raise IdempotencyConflict(
                "この Idempotency-Key は別の要求に使われています。新しいキーを付けてください。",
                "This Idempotency-Key was used with another request; send a new key.",
            )
        if row["status"] is None:
            raise IdempotencyBusy(
                "同じ Idempotency-Key の要求を処理中です。",
                "The first request of this key is being answered.",
            )
        return Replay(status=row["status"], headers=json.loads(row["headers_json"]), body=row["body"])

    async def finish(
        self, owner: str, key: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Keep the reply to send again."""
        values = (status, json.dumps(dict(headers)), body, owner, key)
        await self._database.write(
            lambda db: db.execute(
                "UPDATE idempotency SET status = ?, headers_json = ?, body = ? "
                "WHERE owner = ? AND idempotency_key = ?",
                values,
            )
        )

    async def abandon(self, owner: str, key: str) -> None:
        """Free the key of a request that changed nothing, so that it can be sent again."""
        await self._database.write(
            lambda db: db.execute(
                "DELETE FROM idempotency WHERE owner = ? AND idempotency_key = ? AND status IS NULL",
                (owner, key),
            )
        )
