"""Multiple choice by the probabilities of one token: no text is written, so none has to be read.

The strategy retrieves and concludes its steps as ever; in place of the answer the server is asked for one
token with its `logprobs`, and the choice is the label whose spellings (「Ａ」, " A", "a") have the most
probability together. A label outside the 20 most likely tokens has no probability here, not zero. Where no
label is among them, or two are equally likely, the item is unparsed: never the first label.

A label of several tokens is known by a beginning that no other label shares ("may" for maybe); of "1" and
"10" only the first can be seen.
"""

import json
import math
import unicodedata
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, cast

import openai

from corpora import Frozen
from service.answers import Step
from service.generators import Completion, Delta, Generator, Limits
from service.generators.openai_compatible import OpenAIGenerator, OpenAISettings
from service.generators.openai_errors import CLIENT_ERRORS, not_the_protocol, translated
from service.prompts import AnswerPrompt, ChoicePrompt, Message, Prompt
from service.questions import Question

TOP = 20
"""Most that OpenAI's API and vLLM's default give."""

_ONLY = {
    "ja": "説明は書かず、選択肢の記号だけを答えてください。",
    "en": "Write no explanation: answer with the label of one choice only.",
}
_SAID = {"ja": "答え: {label}", "en": "Answer: {label}"}


class LabelPrompt(Frozen):
    """The answer's prompt, but for one label and nothing else."""

    question: Question
    steps: tuple[Step, ...]
    grounded: bool

    def messages(self) -> list[Message]:
        """The conversation up to the label."""
        before = AnswerPrompt(question=self.question, steps=self.steps, grounded=self.grounded).messages()
        last = dict(before[-1])
        last["content"] = f"{last['content']}\n\n{_ONLY[self.question.language]}"
        return [*before[:-1], cast("Message", last)]

    def reply_schema(self) -> None:
        """No form: the first token is all there is."""


def label_probabilities(top: Sequence[tuple[str, float]], labels: Sequence[str]) -> dict[str, float]:
    """Label → its share of the probability that all labels seen have together; those not seen are left out.

    Args:
        top: Token and natural logarithm of its probability.
    """
    plain = {label: _plain(label) for label in labels}
    seen: dict[str, float] = {}
    for token, logprob in top:
        text = _plain(token)
        if not text:
            continue
        exact = [label for label, known in plain.items() if known == text]
        found = exact or [label for label, known in plain.items() if known.startswith(text)]
        if len(found) == 1:
            seen[found[0]] = seen.get(found[0], 0.0) + math.exp(logprob)
    whole = sum(seen.values())
    return {label: seen[label] / whole for label in labels if label in seen} if whole > 0 else {}


def most_likely(probabilities: Mapping[str, float]) -> str | None:
    """The label, or ``None`` where there is none or two are equally likely."""
    ranked = sorted(probabilities.items(), key=lambda one: -one[1])
    if not ranked or (len(ranked) > 1 and math.isclose(ranked[0][1], ranked[1][1], rel_tol=1e-9)):
        return None
    return ranked[0][0]


def _plain(token: str) -> str:
    return unicodedata.normalize("NFKC", token).strip().casefold()


class OneTokenGenerator:
    """Asks a server for one token. The reply's text is the label, its ``reasoning`` the shares as JSON."""

    def __init__(self, settings: OpenAISettings, server: OpenAIGenerator) -> None:
        """``server`` knows the model's name and context."""
        self._settings = settings
        self._server = server
        timeout = openai.Timeout(settings.total_timeout_s, connect=settings.connect_timeout_s)
        self._client = openai.AsyncOpenAI(
            base_url=settings.base_url, api_key=settings.api_key, max_retries=0, timeout=timeout
        )

    @property
    def context_tokens(self) -> int | None:
        """As the server's."""
        return self._server.context_tokens

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """The label; empty where none can be told.

        Raises:
            GenerationError: If the server fails, or gives no logprobs.
        """
        del limits
        asked = cast("LabelPrompt", prompt)
        messages: Any = asked.messages()
        options: dict[str, Any] = {} if self._settings.seed is None else {"seed": self._settings.seed}
        try:
            reply = await self._client.chat.completions.create(
                model=await self._server.model(),
                messages=messages,
                max_tokens=1,
                temperature=self._settings.temperature,
                logprobs=True,
                top_logprobs=TOP,
                **options,
            )
            (first,) = reply.choices[0].logprobs.content
            top = [(one.token, one.logprob) for one in first.top_logprobs]
        except CLIENT_ERRORS as error:
            raise translated(error, base_url=self._settings.base_url, model=self._settings.model) from error
        except (AttributeError, TypeError, ValueError, IndexError):
            raise not_the_protocol(self._settings.base_url) from None
        shares = label_probabilities(top, asked.question.labels)
        return Completion(
            text=most_likely(shares) or "",
            reasoning=json.dumps(shares, ensure_ascii=False),
            prompt_tokens=reply.usage.prompt_tokens if reply.usage else None,
            completion_tokens=reply.usage.completion_tokens if reply.usage else None,
            model=reply.model,
        )

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        """The same in one piece."""
        completion = await self.generate(prompt, limits=limits)
        yield Delta(text=completion.text)
        yield Delta(completion=completion)

    async def problem(self) -> str | None:
        """As the server's."""
        return await self._server.problem()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


class ScoredGenerator:
    """One try of an answer whose label is scored; all other prompts go to ``inner``.

    Attributes:
        probabilities: Of the labels seen, once the answer was asked for.
    """

    def __init__(self, inner: Generator, scorer: Generator) -> None:
        self._inner = inner
        self._scorer = scorer
        self._label = ""
        self.probabilities: dict[str, float] | None = None

    @property
    def context_tokens(self) -> int | None:
        """As ``inner``."""
        return self._inner.context_tokens

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """The scored label in the choice's form, or ``inner``'s reply."""
        if isinstance(prompt, ChoicePrompt) and self.probabilities is not None:
            text = json.dumps({"choice": self._label}, ensure_ascii=False) if self._label else "-"
            return Completion(text=text, prompt_tokens=0, completion_tokens=0, model="one token")
        return await self._inner.generate(prompt, limits=limits)

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        """The label in place of an answer."""
        if not isinstance(prompt, AnswerPrompt) or not prompt.question.choices:
            async for delta in self._inner.stream(prompt, limits=limits):
                yield delta
            return
        asked = LabelPrompt(question=prompt.question, steps=prompt.steps, grounded=prompt.grounded)
        scored = await self._scorer.generate(cast("Prompt", asked), limits=Limits(max_tokens=1))
        self._label, self.probabilities = scored.text, json.loads(scored.reasoning)
        text = _SAID[prompt.question.language].format(label=self._label or "-")
        yield Delta(text=text)
        yield Delta(completion=scored.model_copy(update={"text": text, "reasoning": ""}))

    async def problem(self) -> str | None:
        """As ``inner``."""
        return await self._inner.problem()

    async def close(self) -> None:
        """Both are shared: whoever made them closes them."""
