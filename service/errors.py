# ruff: noqa: N818  (the names say what happened: IndexUnavailable, GenerationRefused)
"""Everything that can keep a question from being answered.

    ServiceError
    ├── BadRequest            the question itself cannot be read
    │   ├── TooLarge
    │   └── UnknownPassageId
    ├── BadSettings           a configuration that cannot be run
    ├── Busy                  as many answers as allowed are being written already, and as many wait
    ├── QueueTimeout          waited for its turn, which did not come in time
    ├── IndexUnavailable      no index can be opened; the message names the cure
    └── GenerationError
        ├── GeneratorUnavailable   down, refusing, or not speaking the protocol
        │   └── PromptRejected     this one prompt is refused, most often as too long
        ├── GenerationTimeout
        ├── GenerationTruncated    the reply ended before it was finished
        └── GenerationRefused      the model, or its filter, would not answer

Each carries a Japanese and an English text for the user. Neither ever quotes a dependency's own
exception: those are translated where the dependency is called, and go no further.
"""

from typing import ClassVar


class ServiceError(Exception):
    """Base of the tree.

    Attributes:
        code: Stable and machine readable; the last part of the problem's ``type``.
        status: HTTP status (RFC 9457 problem).
        exit_code: Of the command line.
        retry_after_s: Seconds after which trying again makes sense; ``None`` where it does not.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retry_after_s: int | None = None

    def __init__(self, ja: str, en: str) -> None:
        self.ja = ja
        self.en = en
        super().__init__(f"{ja} / {en}")


class BadRequest(ServiceError):
    """The request cannot be read as a question."""

    code = "bad-request"
    status = 422
    exit_code = 2


class TooLarge(BadRequest):
    """The question, or the body it came in, is longer than the limit."""

    code = "too-large"
    status = 413


class UnknownPassageId(BadRequest):
    """The live index holds no such passage."""

    code = "unknown-passage"
    status = 404


class BadSettings(ServiceError):
    """A configuration file or environment variable that cannot be used; names the field and the cure."""

    code = "bad-settings"
    exit_code = 2


class Busy(ServiceError):
    """The server is writing as many answers as it is allowed to."""

    code = "busy"
    status = 429
    retry_after_s = 5


class QueueTimeout(ServiceError):
    """The question waited in the queue as long as is allowed."""

    code = "queue-timeout"
    status = 503
    retry_after_s = 5


class IndexUnavailable(ServiceError):
    """No index can be opened: missing, built for another encoder, or damaged."""

    code = "index-unavailable"
    status = 503
    exit_code = 4
    retry_after_s = 30


class GenerationError(ServiceError):
    """The model gave no usable reply."""

    exit_code = 5


class GeneratorUnavailable(GenerationError):
    """The model server is down, refuses the request, or answers something else than the protocol."""

    code = "generator-unavailable"
    status = 503
    retry_after_s: int | None = 10
    asked_to_wait_s: int | None = None
    """The server's own Retry-After."""


class PromptRejected(GeneratorUnavailable):
    """The model server works and refuses this request: prompt and reply exceed its context, most often."""

    code = "prompt-rejected"
    status = 502
    retry_after_s = None


class GenerationTimeout(GenerationError):
    """The model server did not answer, or did not finish, in time."""

    code = "generation-timeout"
    status = 503
    retry_after_s = 10


class GenerationTruncated(GenerationError):
    """The reply reached its length limit; a cut answer is never shown as a whole one."""

    code = "generation-truncated"
    status = 502


class GenerationRefused(GenerationError):
    """The model or its content filter declined."""

    code = "generation-refused"
    status = 422
