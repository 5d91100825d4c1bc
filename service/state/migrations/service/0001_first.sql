-- Times are milliseconds since 1970-01-01 UTC. Values named *_json hold one JSON value as text.
-- owner: the id of the key (or the subject of the token) that made the row; 'local' where none is asked for.

CREATE TABLE keys (
    key_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
    scopes_json TEXT NOT NULL,
    rate_per_minute INTEGER,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    revoked_ms INTEGER,
    used_ms INTEGER
) STRICT;

CREATE TABLE answers (
    answer_id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    question_json TEXT NOT NULL,
    answer_json TEXT NOT NULL,
    made_by TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX answers_by_owner ON answers (owner, created_ms, answer_id);
CREATE INDEX answers_by_age ON answers (created_ms);

CREATE TABLE conversations (
    conversation_id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    title TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_by_owner ON conversations (owner, updated_ms, conversation_id);
CREATE INDEX conversations_by_age ON conversations (updated_ms);

CREATE TABLE turns (
    conversation_id TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),
    question TEXT NOT NULL,
    rewritten TEXT,
    answer_id TEXT REFERENCES answers ON DELETE SET NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, number)
) STRICT;
CREATE INDEX turns_by_answer ON turns (answer_id);

CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    request_json TEXT NOT NULL,
    progress_json TEXT,
    result_json TEXT,
    error_json TEXT,
    process_id INTEGER,
    created_ms INTEGER NOT NULL,
    started_ms INTEGER,
    updated_ms INTEGER NOT NULL,
    finished_ms INTEGER
) STRICT;
CREATE INDEX jobs_by_age ON jobs (created_ms, job_id);
CREATE INDEX jobs_by_status ON jobs (status);

CREATE TABLE feedback (
    feedback_id TEXT PRIMARY KEY,
    answer_id TEXT NOT NULL REFERENCES answers ON DELETE CASCADE,
    owner TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('helpful', 'unhelpful', 'wrong', 'dangerous')),
    claim INTEGER,
    comment TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX feedback_by_answer ON feedback (answer_id, created_ms);
CREATE INDEX feedback_by_age ON feedback (created_ms);

-- status is NULL while the first request is being answered.
CREATE TABLE idempotency (
    owner TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
    status INTEGER,
    headers_json TEXT,
    body BLOB,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (owner, idempotency_key)
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (created_ms);
