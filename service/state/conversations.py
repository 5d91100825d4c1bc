"""Conversations: questions that follow one another, each turn with the answer it got."""

import sqlite3
from datetime import datetime
from typing import Any

from corpora import Frozen
from service.state.database import Database
from service.state.errors import UnknownId
from service.state.rows import Clock, Page, cursor_place, from_ms, new_id, now, page_of, to_ms


class Conversation(Frozen):
    """What is shown of one in a list."""

    conversation_id: str
    owner: str
    title: str
    created_at: datetime
    updated_at: datetime


class Turn(Frozen):
    """One question and its answer.

    Attributes:
        number: From 1, in order.
        rewritten: The question as it was searched for, with what it meant from earlier turns.
        answer_id: ``None`` once the answer has been deleted.
    """

    number: int
    question: str
    rewritten: str | None
    answer_id: str | None
    created_at: datetime


class Conversations:
    """The `conversations` and `turns` tables. ``owner=None`` means anybody's, for administrators."""

    def __init__(self, database: Database, clock: Clock = now) -> None:
        self._database = database
        self._clock = clock

    async def create(self, owner: str, title: str = "") -> Conversation:
        """Begin one, without turns."""
        moment = self._clock()
        made = Conversation(
            conversation_id=new_id("conv"), owner=owner, title=title, created_at=moment, updated_at=moment
        )
        values = (made.conversation_id, owner, title, to_ms(moment), to_ms(moment))
        await self._database.write(
            lambda db: db.execute("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)", values)
        )
        return made

    async def get(self, conversation_id: str, owner: str | None) -> tuple[Conversation, tuple[Turn, ...]]:
        """It and its turns in order; `UnknownId` where there is none of this owner."""

        def work(db: sqlite3.Connection) -> tuple[Any, list[Any]]:
            found = _find(db, conversation_id, owner)
            turns = db.execute(
                "SELECT * FROM turns WHERE conversation_id = ? ORDER BY number", (conversation_id,)
            ).fetchall()
            return found, turns

        found, turns = await self._database.read(work)
        return _conversation(found), tuple(_turn(row) for row in turns)

    async def add_turn(
        self,
        conversation_id: str,
        owner: str | None,
        *,
        question: str,
        rewritten: str | None,
        answer_id: str | None,
    ) -> Turn:
        """Put a turn at the end; a conversation without a title takes the question as one.

        Two that come at once both get in, one after the other. `UnknownId` as `get`.
        """
        moment = self._clock()

        def work(db: sqlite3.Connection) -> Turn:
            _find(db, conversation_id, owner)
            number = (
                1
                + db.execute(
                    "SELECT coalesce(max(number), 0) FROM turns WHERE conversation_id = ?", (conversation_id,)
                ).fetchone()[0]
            )
            db.execute(
                "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?)",
                (conversation_id, number, question, rewritten, answer_id, to_ms(moment)),
            )
            db.execute(
                "UPDATE conversations SET updated_ms = ?, title = iif(title = '', ?, title) "
                "WHERE conversation_id = ?",
                (to_ms(moment), question[:80], conversation_id),
            )
            return Turn(
                number=number, question=question, rewritten=rewritten, answer_id=answer_id, created_at=moment
            )

        return await self._database.write(work)

    async def page(
        self, owner: str | None, *, limit: int = 20, cursor: str | None = None
    ) -> Page[Conversation]:
        """The last used first; `BadRequest` for a cursor that is none."""
        moment, last = cursor_place(cursor)
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT * FROM conversations WHERE owner = coalesce(?, owner) "
                "AND (updated_ms, conversation_id) < (?, ?) "
                "ORDER BY updated_ms DESC, conversation_id DESC LIMIT ?",
                (owner, moment, last, limit + 1),
            ).fetchall()
        )
        found = [_conversation(row) for row in rows]
        return page_of(found, limit, lambda one: (one.updated_at, one.conversation_id))

    async def delete(self, conversation_id: str, owner: str | None) -> None:
        """Delete it, its turns and the answers they show. `UnknownId` as `get`."""

        def work(db: sqlite3.Connection) -> None:
            _find(db, conversation_id, owner)
            db.execute(
                "DELETE FROM answers WHERE answer_id IN "
                "(SELECT answer_id FROM turns WHERE conversation_id = ?)",
                (conversation_id,),
            )
            db.execute("DELETE FROM conversations WHERE conversation_id = ?", (conversation_id,))

        await self._database.write(work)


def _find(db: sqlite3.Connection, conversation_id: str, owner: str | None) -> Any:
    row = db.execute(
        "SELECT * FROM conversations WHERE conversation_id = ? AND owner = coalesce(?, owner)",
        (conversation_id, owner),
    ).fetchone()
    if row is None:
        raise UnknownId(
            "この会話は見つかりません(保存期間を過ぎたか、アドレスが誤っています)。",
            "There is no such conversation: it was deleted after its time, or the address is wrong.",
        )
    return row


def _conversation(row: sqlite3.Row) -> Conversation:
    return Conversation(
        conversation_id=row["conversation_id"],
        owner=row["owner"],
        title=row["title"],
        created_at=from_ms(row["created_ms"]),
        updated_at=from_ms(row["updated_ms"]),
    )


def _turn(row: sqlite3.Row) -> Turn:
    return Turn(
        number=row["number"],
        question=row["question"],
        rewritten=row["rewritten"],
        answer_id=row["answer_id"],
        created_at=from_ms(row["created_ms"]),
    )
