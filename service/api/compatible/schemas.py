"""What ``/v1/chat/completions`` takes and gives (OpenAI's API reference, "Create chat completion")."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from indexer import Filters
from service.answers import Citation, Claim, Provenance, Usage
from service.api.schemas import labelled
from service.notices import Notice
from service.questions import Choices


class TextPart(BaseModel):
    """A part of a message."""

    model_config = ConfigDict(extra="ignore")

    type: str
    text: str | None = None


class ChatMessage(BaseModel):
    """One message; other fields (``name``, ``annotations`` …) are left aside."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart] | None = None


class StreamOptions(BaseModel):
    """Of a stream; other fields are left aside."""

    model_config = ConfigDict(extra="ignore")

    include_usage: StrictBool = False


class ChatExtension(BaseModel):
    """What OpenAI's form has no words for (``extra_body={"jmedqa": {…}}`` with the official client)."""

    model_config = ConfigDict(extra="forbid")

    choices: Annotated[Choices, BeforeValidator(labelled)] = Field(
        default=(), description="Of a multiple-choice question, as in /api/v1/answers"
    )
    k: StrictInt | None = Field(default=None, ge=1, le=20, description="Passages per query")
    max_steps: StrictInt | None = Field(default=None, ge=1, le=10)
    filters: Filters | None = Field(default=None, description="Only passages that pass")


class ChatRequest(BaseModel):
    """A question as a chat: the last user message is the question, the turns before it its context.

    Further parameters of OpenAI's are left aside where they change no meaning (temperature, max_tokens …) and
    refused with 400 where they would (tools, n > 1, response_format, stop, logprobs …).
    """

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "model": "jmedqa",
                    "messages": [{"role": "user", "content": "高カリウム血症の初期対応は？"}],
                    "stream": False,
                }
            ]
        },
    )

    model: str = Field(max_length=100, description="One of GET /v1/models")
    messages: list[ChatMessage] = Field(min_length=1, max_length=200)
    stream: StrictBool | None = None
    stream_options: StreamOptions | None = None
    jmedqa: ChatExtension | None = None

    @property
    def others(self) -> dict[str, Any]:
        """The parameters that have no field of their own."""
        return dict(self.model_extra or {})


class NumberedCitation(Citation):
    """A citation with its number in the text; ``None`` where only a step's conclusion holds it."""

    number: int | None


class ChatEvidence(BaseModel):
    """What stands behind the text, as data."""

    answer_id: str | None = Field(
        description="Opens it again at /api/v1/answers/{id}; null where it is not kept"
    )
    strategy: str
    asked: str
    rewritten: str | None = Field(description="The question with its context, where it was rewritten")
    choice: str | None
    abstained: bool
    reason: Notice | None
    claims: list[Claim] = Field(description="In terms of `answer_text`, whose markers are evidence keys")
    citations: list[NumberedCitation]
    answer_text: str
    verified_share: float | None
    notices: list[Notice]
    usage: Usage
    provenance: Provenance
    left_aside: list[str] = Field(description="Parameters, and messages by role, that had no effect")


class ChatReplyMessage(BaseModel):
    """The reply."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class ChatChoice(BaseModel):
    """The only one. An answer that was not finished is an error, so the reason is always ``stop``."""

    index: Literal[0] = 0
    message: ChatReplyMessage
    finish_reason: Literal["stop"] = "stop"
    logprobs: None = None


class ChatUsage(BaseModel):
    """Tokens over all calls to the model; 0 where no model was asked or it does not count them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int

    @classmethod
    def of(cls, usage: Usage) -> "ChatUsage":
        """In OpenAI's words."""
        asked, written = usage.prompt_tokens or 0, usage.completion_tokens or 0
        return cls(prompt_tokens=asked, completion_tokens=written, total_tokens=asked + written)


class ChatCompletion(BaseModel):
    """A finished reply."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int = Field(description="Seconds since 1970")
    model: str
    choices: list[ChatChoice]
    usage: ChatUsage
    jmedqa: ChatEvidence


class ModelCard(BaseModel):
    """One model id: a strategy."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["jmedqa"] = "jmedqa"


class ModelList(BaseModel):
    """All of them, the default first."""

    object: Literal["list"] = "list"
    data: list[ModelCard]
