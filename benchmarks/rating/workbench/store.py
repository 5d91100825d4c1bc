"""One study on disk: what raters see and what they said. System names are not in here.

Write-ahead log with ``synchronous = FULL``: what `Store.score` has returned from is on disk
(https://www.sqlite.org/pragma.html#pragma_synchronous). Scores are events that are only ever added; a rater's
newest event of a task counts, so undoing and changing lose nothing. An event carries an id made where it was
typed: sent again after a broken connection, it is found and not added twice.
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

VERSION = 1

_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE raters (rater TEXT PRIMARY KEY, role TEXT NOT NULL, token_hash TEXT NOT NULL UNIQUE,
  locked_at TEXT);
CREATE TABLE findings (case_id TEXT, stage INTEGER, title TEXT NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (case_id, stage));
CREATE TABLE answers (answer TEXT PRIMARY KEY, case_id TEXT NOT NULL, stage INTEGER NOT NULL,
  question TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE tasks (task TEXT PRIMARY KEY, rater TEXT NOT NULL REFERENCES raters, position INTEGER NOT NULL,
  block INTEGER NOT NULL, answer TEXT NOT NULL REFERENCES answers, repeat INTEGER NOT NULL,
  UNIQUE (rater, position));
CREATE TABLE events (seq INTEGER PRIMARY KEY, event TEXT NOT NULL UNIQUE, task TEXT NOT NULL REFERENCES tasks,
  score INTEGER CHECK (score IN (0, 1, 2)), tags TEXT NOT NULL, spans TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX events_of_task ON events (task, seq);
CREATE TABLE closed (rater TEXT, block INTEGER, at TEXT NOT NULL, PRIMARY KEY (rater, block));
CREATE TABLE guesses (rater TEXT, answer TEXT, guess TEXT NOT NULL, PRIMARY KEY (rater, answer));
CREATE TABLE log (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL);
"""

TAGS = ("危険", "誤情報", "抜け", "根拠違い")
"""Reasons for a score."""

GUESSES = ("with", "without", "unknown")
"""Retrieval, as a rater guesses it at the end."""


class StudyError(Exception):
    """Something a study does not allow; both texts are for users."""

    exit_code = 2

    def __init__(self, ja: str, en: str) -> None:
        super().__init__(f"{ja}\n{en}")
        self.ja, self.en = ja, en


@dataclass(frozen=True)
class Event:
    """One score as it was typed; ``score`` is ``None`` where it was taken back.

    ``spans`` are (start, end) characters of the answer's text.
    """

    event: str
    task: str
    score: int | None
    tags: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Task:
    """One answer to be scored by one rater, with the newest score."""

    task: str
    rater: str
    position: int
    block: int
    answer: str
    repeat: bool
    case_id: str
    stage: int
    question: str
    text: str
    closed: bool
    score: int | None = None
    tags: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = field(default=())


class Store:
    """An open study. Thread-safe; one process serves a study."""

    def __init__(self, path: Path) -> None:
        """Open a study.

        Raises:
            StudyError: If there is none, or another version wrote it.
        """
        if not path.is_file():
            raise StudyError(
                f"研究がありません: {path}", f"There is no study at {path}: run `jmedqa rate create`"
            )
        self.path = path
        self._lock = threading.RLock()
        self._db = _connected(path)
        if self._db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            raise StudyError(f"版の違う研究です: {path}", f"{path} was written by another version of jmedqa")

    @classmethod
    def create(cls, path: Path) -> "Store":
        """Make an empty study.

        Raises:
            StudyError: If the file exists.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise StudyError(f"すでにあります: {path}", f"{path} exists: name another study")
        db = _connected(path)
        db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        db.close()
        path.chmod(0o600)
        return cls(path)

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()

    def fill(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows to a table while a study is made; adjudication's ``tasks`` come later."""
        if not rows:
            return
        if table not in ("about", "raters", "findings", "answers", "tasks"):
            raise ValueError(table)
        marks = ",".join("?" * len(rows[0]))
        with self._lock, self._db:
            self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608  (a known name)

    def about(self, name: str) -> Any:
        """A fact of the study's making, from JSON."""
        row = self._one("SELECT value FROM about WHERE name = ?", name)
        return json.loads(row[0]) if row else None

    def signed_in(self, token: str) -> str | None:
        """Whose token that is."""
        row = self._one("SELECT rater FROM raters WHERE token_hash = ?", hashed(token))
        return str(row[0]) if row else None

    def raters(self, role: str = "rater") -> dict[str, str | None]:
        """Rater → when locked, of that role."""
        found = self._all("SELECT rater, locked_at FROM raters WHERE role = ? ORDER BY rater", role)
        return dict(found)

    def role(self, rater: str) -> str:
        """``rater`` or ``adjudicator``."""
        row = self._one("SELECT role FROM raters WHERE rater = ?", rater)
        return str(row[0]) if row else ""

    def tasks(self, rater: str | None = None) -> list[Task]:
        """A rater's tasks in order with their newest scores; of all raters where none is named."""
        rows = self._all(
            """SELECT t.task, t.rater, t.position, t.block, t.answer, t.repeat, a.case_id, a.stage,
                 a.question, a.text, c.at IS NOT NULL OR r.locked_at IS NOT NULL, e.score, e.tags, e.spans
               FROM tasks t JOIN answers a USING (answer) JOIN raters r USING (rater)
               LEFT JOIN closed c ON c.rater = t.rater AND c.block = t.block
               LEFT JOIN events e ON e.seq = (SELECT max(seq) FROM events WHERE task = t.task)
               WHERE ?1 IS NULL OR t.rater = ?1 ORDER BY t.rater, t.position""",
            rater,
        )
        return [_task(row) for row in rows]

    def findings(self, case_id: str, stage: int) -> list[tuple[str, str]]:
        """Title and text of a case's stages up to and with that one."""
        return [
            (title, text)
            for title, text in self._all(
                "SELECT title, text FROM findings WHERE case_id = ? AND stage <= ? ORDER BY stage",
                case_id,
                stage,
            )
        ]

    def score(self, rater: str, *events: Event) -> int:
        """Keep scores, all or none; on disk when this returns. How many were new.

        Raises:
            StudyError: If a task is not the rater's or not open, a value is not allowed, or an id was
                used for something else.
        """
        with self._lock, self._db:
            return sum(self._score(rater, event) for event in events)

    def _score(self, rater: str, event: Event) -> bool:
        kept = (event.task, event.score, json.dumps(event.tags, ensure_ascii=False), json.dumps(event.spans))
        known = self._one("SELECT task, score, tags, spans FROM events WHERE event = ?", event.event)
        if known:
            if tuple(known) != kept:
                raise StudyError("同じ番号の別の記録があります。", "This id was used for another score.")
            return False
        row = self._one(
            """SELECT length(a.text), t.block, r.locked_at, c.at FROM tasks t JOIN raters r USING (rater)
               JOIN answers a USING (answer) LEFT JOIN closed c ON c.rater = t.rater AND c.block = t.block
               WHERE t.task = ? AND t.rater = ?""",
            event.task,
            rater,
        )
        if row is None:
            raise StudyError("この評価者の課題ではありません。", "This task is not this rater's.")
        length, block, locked, closed = row
        if locked or closed:
            raise StudyError("確定した評価は変えられません。", "This stage is closed: its scores stay.")
        if block > self.open_block(rater):
            raise StudyError("前の段階の評価が先です。", "The stage before this one comes first.")
        if not set(event.tags) <= set(TAGS) or len(set(event.tags)) < len(event.tags):
            raise StudyError("知らない理由です。", f"A reason is one of {', '.join(TAGS)}.")
        if event.score not in (None, 0, 1, 2) or isinstance(event.score, bool):
            raise StudyError("点は0、1、2のいずれかです。", "A score is 0, 1 or 2.")
        if any(not 0 <= start < end <= length for start, end in event.spans):
            raise StudyError("印が回答の外にあります。", "A mark lies outside the answer.")
        self._db.execute(
            "INSERT INTO events (event, task, score, tags, spans, at) VALUES (?, ?, ?, ?, ?, ?)",
            (event.event, *kept, now()),
        )
        return True

    def open_block(self, rater: str) -> int:
        """The block being scored: the first that is not closed; one past the last where all are."""
        row = self._one(
            """SELECT coalesce((SELECT min(block) FROM tasks t WHERE rater = ?1 AND block NOT IN
                 (SELECT block FROM closed WHERE rater = ?1)),
               (SELECT coalesce(max(block), -1) + 1 FROM tasks WHERE rater = ?1))""",
            rater,
        )
        assert row is not None
        return int(row[0])

    def close_block(self, rater: str, block: int) -> None:
        """End a stage: its scores stay, and the next stage is shown. Closing it twice changes nothing.

        Raises:
            StudyError: If it is not the open one, or an answer has no score.
        """
        with self._lock, self._db:
            if block < self.open_block(rater):
                return
            tasks = [task for task in self.tasks(rater) if task.block == block]
            if block != self.open_block(rater) or not tasks:
                raise StudyError("前の段階の評価が先です。", "The stage before this one comes first.")
            if left := sum(task.score is None for task in tasks):
                raise StudyError(f"未評価が{left}件あります。", f"{left} answers have no score yet.")
            self._db.execute("INSERT INTO closed VALUES (?, ?, ?)", (rater, block, now()))

    def guess(self, rater: str, guesses: dict[str, str]) -> None:
        """Keep a rater's guesses: answer → with, without or unknown. Again replaces them, until the lock."""
        own = {task.answer for task in self.tasks(rater)}
        if not guesses.keys() <= own or not set(guesses.values()) <= set(GUESSES):
            raise StudyError("推測の形が違います。", "These guesses name no answer of yours.")
        with self._lock, self._db:
            self._not_locked(rater)
            self._db.executemany(
                "INSERT OR REPLACE INTO guesses VALUES (?, ?, ?)",
                [(rater, answer, guess) for answer, guess in guesses.items()],
            )

    def guesses(self) -> list[tuple[str, str, str]]:
        """Rater, answer, guess."""
        return self._all("SELECT rater, answer, guess FROM guesses ORDER BY rater, answer")

    def lock(self, rater: str) -> None:
        """A rater is done. Locking twice changes nothing.

        Raises:
            StudyError: If a stage is still open.
        """
        with self._lock, self._db:
            tasks = self.tasks(rater)
            if not tasks or any(not task.closed for task in tasks):
                raise StudyError("評価していない段階があります。", "Some stages are not scored yet.")
            done = self._db.execute(
                "UPDATE raters SET locked_at = ? WHERE rater = ? AND locked_at IS NULL", (now(), rater)
            )
            if done.rowcount:
                self._add_log(rater, "locked")

    def log(self, who: str, what: str) -> None:
        """Keep what was done to the study."""
        with self._lock, self._db:
            self._add_log(who, what)

    def logged(self) -> list[tuple[str, str, str]]:
        """When, who, what."""
        return self._all("SELECT at, who, what FROM log ORDER BY seq")

    def event_ids(self) -> list[str]:
        """Of every score kept, in the order they came."""
        return [event for (event,) in self._all("SELECT event FROM events ORDER BY seq")]

    def _not_locked(self, rater: str) -> None:
        row = self._one("SELECT locked_at FROM raters WHERE rater = ?", rater)
        if row is None or row[0]:
            raise StudyError("確定した後は変えられません。", "This rater has locked.")

    def _add_log(self, who: str, what: str) -> None:
        self._db.execute("INSERT INTO log (at, who, what) VALUES (?, ?, ?)", (now(), who, what))

    def _one(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        with self._lock:
            row: tuple[Any, ...] | None = self._db.execute(statement, values).fetchone()
        return row

    def _all(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._db.execute(statement, values).fetchall()


def _task(row: tuple[Any, ...]) -> Task:
    (
        task,
        rater,
        position,
        block,
        answer,
        repeat,
        case_id,
        stage,
        question,
        text,
        closed,
        score,
        tags,
        spans,
    ) = row
    return Task(
        task=task,
        rater=rater,
        position=position,
        block=block,
        answer=answer,
        repeat=bool(repeat),
        case_id=case_id,
        stage=stage,
        question=question,
        text=text,
        closed=bool(closed),
        score=score,
        tags=tuple(json.loads(tags or "[]")),
        spans=tuple((start, end) for start, end in json.loads(spans or "[]")),
    )


def hashed(token: str) -> str:
    """What is kept of a token: it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def now() -> str:
    """UTC, ISO 8601, seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=10, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    return db
