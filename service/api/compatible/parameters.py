"""What a chat request may ask for beside its messages: what is served, left aside, or refused.

Left aside is what changes no meaning here: how a model samples, who pays, where logs go. Refused is what
would make the reply something else than the client takes it for: another format, a cut, a tool call, several
replies. An unknown name is refused as well, as OpenAI's own server does: a misspelt one would do nothing.
"""

from typing import Any

from service.api.compatible.errors import ChatRefused
from service.api.problems import field_name

LEFT_ASIDE = frozenset(
    {
        "best_of",
        "frequency_penalty",
        "max_completion_tokens",
        "max_tokens",
        "metadata",
        "min_p",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning_effort",
        "repetition_penalty",
        "safety_identifier",
        "seed",
        "service_tier",
        "store",
        "temperature",
        "top_k",
        "top_p",
        "user",
        "verbosity",
    }
)
"""Named in the reply's ``jmedqa.left_aside`` where they were given."""

_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "audio": (),
    "function_call": ("none", "auto"),
    "functions": ([],),
    "logit_bias": ({},),
    "logprobs": (False,),
    "modalities": (["text"],),
    "n": (1,),
    "response_format": ({"type": "text"},),
    "stop": ([], ""),
    "tool_choice": ("none", "auto"),
    "tools": ([],),
    "top_logprobs": (0,),
    "web_search_options": (),
}
"""Refused, except with these values, which ask for nothing; ``null`` always does."""


def check_parameters(given: dict[str, Any]) -> tuple[str, ...]:
    """The names that are left aside, sorted.

    Args:
        given: The request's fields that are neither messages nor one of those that are served.

    Raises:
        ChatRefused: For the first that is refused.
    """
    aside = []
    for name, value in sorted(given.items()):
        if value is None:
            continue
        if name in LEFT_ASIDE:
            aside.append(name)
        elif name not in _NEUTRAL:
            raise ChatRefused(
                f"{field_name([name])} という項目はありません。",
                f"There is no parameter {field_name([name])}.",
                param=field_name([name]),
            )
        elif not any(type(value) is type(neutral) and value == neutral for neutral in _NEUTRAL[name]):
            raise ChatRefused(
                f"{name} のこの値には対応していません。この項目を除いて送り直してください。",
                f"{name} is not supported with this value: send the request without it.",
                param=name,
            )
    return tuple(aside)
