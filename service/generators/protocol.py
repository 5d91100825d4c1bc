"""The seam between a strategy and whatever writes."""

from collections.abc import AsyncGenerator
from typing import Literal, Protocol

from corpora import Frozen
from service.notices import Notice
from service.prompts import Prompt


class Limits(Frozen):
    """Limits of one call. ``max_tokens`` counts the reasoning of models that think aloud, too."""

    max_tokens: int


class Completion(Frozen):
    """A finished reply.

    Attributes:
        text: What was said, without any reasoning.
        reasoning: What was thought aloud; never shown as the answer.
        finish_reason: Always ``stop``: every other end is an error.
        prompt_tokens, completion_tokens: ``None`` where they are not counted.
        model: The name the server gave, or the generator's own.
        notices: What a reader of this text must know about how it was made.
    """

    text: str
    reasoning: str = ""
    finish_reason: Literal["stop"] = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    model: str
    notices: tuple[Notice, ...] = ()


class Delta(Frozen):
    """A piece of a reply. The last one, and only it, carries the ``completion``, whose text is all pieces."""

    text: str = ""
    completion: Completion | None = None


class Generator(Protocol):
    """Answers typed prompts. Each error is a `service.errors.GenerationError`.

    Attributes:
        context_tokens: The model's context length; ``None`` where it is unknown or there is no model.
    """

    @property
    def context_tokens(self) -> int | None: ...

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """The whole reply."""

    def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        """The reply piece by piece; an iterator that ends without a completion never returns normally."""

    async def problem(self) -> str | None:
        """What keeps it from working now, with the cure; ``None`` if nothing does. Asks at most 5 seconds."""

    async def close(self) -> None:
        """Release connections; the generator is not used afterwards."""
