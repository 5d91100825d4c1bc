"""What readers say of an answer."""

import sqlite3
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from corpora import Frozen
from service.state.answers import unknown_answer
from service.state.database import Database
from service.state.rows import Clock, Page, cursor_place, from_ms, new_id, now, page_of, to_ms

Verdict = Literal["helpful", "unhelpful", "wrong", "dangerous"]


class Feedback(Frozen):
    """One remark.

    Attributes:
        claim: Index of the claim it is about, from 0; ``None`` for the whole answer.
    """

    feedback_id: str
    answer_id: str
    owner: str
    verdict: Verdict
    claim: int | None = Field(ge=0)
    comment: str
    created_at: datetime


class FeedbackTable:
    """The `feedback` table."""

    def __init__(self, database: Database, clock: Clock = now) -> None:
        self._database = database
        self._clock = clock

    async def add(
        self, answer_id: str, owner: str, verdict: Verdict, *, claim: int | None = None, comment: str = ""
    ) -> Feedback:
        """Keep a remark; `UnknownId` where there is no such answer. Ask before whether they may see it."""
        made = Feedback(
            feedback_id=new_id("fb"),
            answer_id=answer_id,
            owner=owner,
            verdict=verdict,
            claim=claim,
            comment=comment,
            created_at=self._clock(),
        )
        values = (made.feedback_id, answer_id, owner, verdict, claim, comment, to_ms(made.created_at))
        try:
            await self._database.write(
                lambda db: db.execute("INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            )
        except sqlite3.IntegrityError:
            raise unknown_answer() from None
        return made

    async def of_answer(self, answer_id: str) -> tuple[Feedback, ...]:
        """Oldest first."""
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT * FROM feedback WHERE answer_id = ? ORDER BY created_ms, feedback_id", (answer_id,)
            ).fetchall()
        )
        return tuple(_feedback(row) for row in rows)

    async def page(self, *, limit: int = 20, cursor: str | None = None) -> Page[Feedback]:
        """Everybody's, newest first; for administrators. `BadRequest` for a cursor that is none."""
        moment, last = cursor_place(cursor)
        rows = await self._database.read(
            lambda db: db.execute(
                "SELECT * FROM feedback WHERE (created_ms, feedback_id) < (?, ?) "
                "ORDER BY created_ms DESC, feedback_id DESC LIMIT ?",
                (moment, last, limit + 1),
            ).fetchall()
        )
        return page_of(
            [_feedback(row) for row in rows], limit, lambda remark: (remark.created_at, remark.feedback_id)
        )


def _feedback(row: Any) -> Feedback:
    return Feedback(
        feedback_id=row["feedback_id"],
        answer_id=row["answer_id"],
        owner=row["owner"],
        verdict=row["verdict"],
        claim=row["claim"],
        comment=row["comment"],
        created_at=from_ms(row["created_ms"]),
    )
