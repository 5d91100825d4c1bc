"""A chat completion's chunks put together, each field checked where it is read."""

from dataclasses import dataclass, field
from typing import Any

_LONGEST_NAME = 200


@dataclass
class Reply:
    """A reply while it arrives."""

    model: str
    content: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    refusal: bool = False
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


def take(chunk: Any, reply: Reply) -> tuple[str, str]:
    """The chunk's content and reasoning; the rest goes into ``reply``. Unknown fields are not read.

    Raises:
        ValueError: If it is no chunk of a chat completion, or goes on after the end.
    """
    if not isinstance(chunk, dict) or not isinstance(chunk.get("choices"), list):
        raise ValueError("no chunk")
    usage = chunk.get("usage")
    if isinstance(usage, dict):
        reply.prompt_tokens = _count(usage.get("prompt_tokens"))
        reply.completion_tokens = _count(usage.get("completion_tokens"))
    if not chunk["choices"]:  # the last chunk, with the usage
        return "", ""
    choice = chunk["choices"][0]
    if not isinstance(choice, dict) or not isinstance(choice.get("delta"), dict):
        raise ValueError("no choice")
    if choice.get("index"):  # one reply was asked for; another must not be mixed into it
        return "", ""
    delta = choice["delta"]
    content = delta.get("content") or ""
    thought = delta.get("reasoning") or delta.get("reasoning_content") or ""
    if not isinstance(content, str) or not isinstance(thought, str):
        raise ValueError("content is no text")
    if reply.finish_reason and content:
        raise ValueError("content after the end")
    reply.finish_reason = choice.get("finish_reason") or reply.finish_reason
    reply.refusal = reply.refusal or bool(delta.get("refusal"))
    name = chunk.get("model")
    if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME:
        reply.model = name
    if thought:
        reply.reasoning.append(thought)
    # Half a surrogate pair cannot be sent on to anyone.
    return content.encode("utf-8", "replace").decode("utf-8"), thought


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None
