"""Answers that can be opened again at an address of their own."""

import json
import sqlite3
from datetime import date, datetime, timedelta
from typing import Any

from corpora import Frozen
from service.answers import Answer
from service.questions import Question
from service.state.database import Database
from service.state.errors import UnknownId
from service.state.rows import Clock, Page, cursor_place, from_ms, new_id, now, page_of, to_ms


class StoredAnswer(Frozen):
    """An answer as it was given.

    Attributes:
        question, answer: JSON values as the version that gave them wrote them: an answer stays readable
            when a later version adds a field.
        made_by: That version of jmedqa.
    """

    answer_id: str
    owner: str
    question: dict[str, Any]
    answer: dict[str, Any]
    made_by: str
    created_at: datetime


class Day(Frozen):
    """How the answers of one day fared.

    Attributes:
        day: In the server's local time.
        verified_share: Mean over the answers that have claims, 0 to 1; ``None`` without any.
    """

    day: date
    answered: int
    abstained: int
    verified_share: float | None


class Answers:
    """The `answers` table. ``owner=None`` in a look-up means anybody's, which is for administrators."""

    def __init__(self, database: Database, clock: Clock = now) -> None:
        self._database = database
        self._clock = clock

    async def save(
        self, owner: str, question: Question, answer: Answer, *, made_by: str, answer_id: str | None = None
    ) -> StoredAnswer:
        """Keep an answer under a new id, or under one that `new_id` gave before."""
        kept = StoredAnswer(
            answer_id=answer_id or new_id("ans"),
            owner=owner,
            question=question.model_dump(mode="json"),
            answer=answer.model_dump(mode="json"),
            made_by=made_by,
            created_at=self._clock(),
        )
        values = (
            kept.answer_id,
            owner,
            json.dumps(kept.question, ensure_ascii=False),
            json.dumps(kept.answer, ensure_ascii=False),
            made_by,
            to_ms(kept.created_at),
        )
        await self._database.write(
            lambda db: db.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?)", values)
        )
        return kept

    async def get(self, answer_id: str, owner: str | None) -> StoredAnswer:
        """The answer; `UnknownId` where there is none of this owner."""

        def work(db: sqlite3.Connection) -> Any:
            return db.execute(
                "SELECT * FROM answers WHERE answer_id = ? AND owner = coalesce(?, owner)", (answer_id, owner)
            ).fetchone()

        row = await self._database.read(work)
        if row is None:
            raise unknown_answer()
        return _answer(row)

    async def page(
        self, owner: str | None, *, limit: int = 20, cursor: str | None = None
    ) -> Page[StoredAnswer]:
        """Newest first; `BadRequest` for a cursor that is none."""
        moment, last = cursor_place(cursor)
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT * FROM answers WHERE owner = coalesce(?, owner) AND (created_ms, answer_id) < (?, ?) "
                "ORDER BY created_ms DESC, answer_id DESC LIMIT ?",
                (owner, moment, last, limit + 1),
            ).fetchall()
        )
        return page_of([_answer(row) for row in rows], limit, lambda kept: (kept.created_at, kept.answer_id))

    async def daily(self, since: datetime, days: int) -> tuple[Day, ...]:
        """So many days from ``since`` on, those without answers too. Only counts leave the database."""

        def work(db: sqlite3.Connection) -> list[Any]:
            return db.execute(
                "SELECT date(created_ms / 1000, 'unixepoch', 'localtime') AS day, count(*) AS answers, "
                "sum(json_extract(answer_json, '$.abstained')) AS abstained, "
                "avg(json_extract(answer_json, '$.verified_share')) AS share "
                "FROM answers WHERE created_ms >= ? GROUP BY day",
                (to_ms(since) - 86_400_000,),  # the first day whole, whatever the zone
            ).fetchall()

        found = {row["day"]: row for row in await self._database.read(work)}
        first = since.astimezone().date()
        made = []
        for day in (first + timedelta(days=number) for number in range(days)):
            row = found.get(day.isoformat())
            abstained = row["abstained"] or 0 if row else 0
            made.append(
                Day(
                    day=day,
                    answered=row["answers"] - abstained if row else 0,
                    abstained=abstained,
                    verified_share=row["share"] if row else None,
                )
            )
        return tuple(made)

    async def delete(self, answer_id: str, owner: str | None) -> None:
        """Delete it with its feedback; a conversation keeps the turn without it. `UnknownId` as `get`."""

        def work(db: sqlite3.Connection) -> int:
            return db.execute(
                "DELETE FROM answers WHERE answer_id = ? AND owner = coalesce(?, owner)", (answer_id, owner)
            ).rowcount

        if not await self._database.write(work):
            raise unknown_answer()


def unknown_answer() -> UnknownId:
    """It never was, was deleted, or is someone else's."""
    return UnknownId(
        "この回答は見つかりません(保存期間を過ぎたか、アドレスが誤っています)。",
        "There is no such answer: it was deleted after its time, or the address is wrong.",
    )


def _answer(row: sqlite3.Row) -> StoredAnswer:
    return StoredAnswer(
        answer_id=row["answer_id"],
        owner=row["owner"],
        question=json.loads(row["question_json"]),
        answer=json.loads(row["answer_json"]),
        made_by=row["made_by"],
        created_at=from_ms(row["created_ms"]),
    )
