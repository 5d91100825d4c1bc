"""What must outlive the process: `service.sqlite` and its tables, each behind a small repository.

Nothing else in the project writes SQL. The event loop calls the async methods only.
"""

from service.state.answers import Answers, StoredAnswer
from service.state.conversations import Conversation, Conversations, Turn
from service.state.database import Database
from service.state.errors import (
    IdempotencyBusy,
    IdempotencyConflict,
    StateTooNew,
    StateUnavailable,
    UnknownId,
)
from service.state.feedback import Feedback, FeedbackTable, Verdict
from service.state.idempotency import Idempotency, Replay, request_hash
from service.state.jobs import Job, Jobs, JobStatus
from service.state.keys import SCOPES, Keys, Scope, StoredKey
from service.state.rows import LOCAL, Page, new_id
from service.state.settings import StateSettings
from service.state.store import Store

__all__ = [
    "LOCAL",
    "SCOPES",
    "Answers",
    "Conversation",
    "Conversations",
    "Database",
    "Feedback",
    "FeedbackTable",
    "Idempotency",
    "IdempotencyBusy",
    "IdempotencyConflict",
    "Job",
    "JobStatus",
    "Jobs",
    "Keys",
    "Page",
    "Replay",
    "Scope",
    "StateSettings",
    "StateTooNew",
    "StateUnavailable",
    "Store",
    "StoredAnswer",
    "StoredKey",
    "Turn",
    "UnknownId",
    "Verdict",
    "new_id",
    "request_hash",
]
