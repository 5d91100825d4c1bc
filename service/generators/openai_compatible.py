"""Drive any server that speaks OpenAI's chat completions.

Every call streams, also when the whole reply is wanted: so the time to the first token can be bounded,
and a reply that is cut off is told from one that is finished (the client library does neither).
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Literal

import httpx2
import openai
from openai.types import Model
from openai.types.chat import ChatCompletionChunk

from corpora import Frozen
from service.errors import GenerationError, GenerationRefused, GenerationTruncated
from service.generators.chunks import Reply, take
from service.generators.event_stream import EventStream
from service.generators.openai_errors import (
    CLIENT_ERRORS,
    broken_down,
    cut_off,
    never_ending,
    not_the_protocol,
    too_slow,
    translated,
    unreachable,
)
from service.generators.protocol import Completion, Delta, Limits
from service.generators.reply_limits import bounded_client, most_chunks
from service.generators.retrying import RetryBudget, retry_wait_s
from service.generators.thinking import Thinking, ThinkSplitter, UnopenedThinking, split_thinking
from service.prompts import ChoicePrompt, Prompt


class OpenAISettings(Frozen):
    """How to reach a model server. Times in seconds; ``model = None`` takes the first one it serves."""

    base_url: str
    api_key: str = "none"
    model: str | None = None
    temperature: float = 0.0
    seed: int | None = 0
    thinking: Thinking = "auto"
    connect_timeout_s: float = 5.0
    first_token_timeout_s: float = 60.0
    total_timeout_s: float = 300.0


Binding = Literal["json_schema", "replies", "none"]
"""How a reply's form is bound: by a schema, by a list of allowed replies (an extension of some servers),
or by the words alone."""

_PATIENCE_S = 5.0
"""A server that cannot list its models in this time is no help to anyone waiting for an answer."""


class OpenAIGenerator:
    """One server, one model."""

    def __init__(self, settings: OpenAISettings) -> None:
        self._settings = settings
        self._model = settings.model
        self._refused: set[Binding] = set()
        self._context_tokens: int | None = None
        self._retries = RetryBudget()
        self._loosenings = RetryBudget(saved=2.0)  # the two steps that a choice's form can be loosened by
        timeout = openai.Timeout(settings.total_timeout_s, connect=settings.connect_timeout_s)
        self._client = openai.AsyncOpenAI(
            base_url=settings.base_url,
            api_key=settings.api_key,
            max_retries=0,  # the library's two silent retries would triple the load on a struggling server
            timeout=timeout,
            http_client=bounded_client(timeout),
        )

    @property
    def context_tokens(self) -> int | None:
        """As some servers list it (``max_model_len``), once the models were listed; no request of its own."""
        return self._context_tokens

    async def problem(self) -> str | None:
        """Whether the server lists its models, the configured one among them."""
        try:
            served = await self.served(min(_PATIENCE_S, self._settings.first_token_timeout_s))
        except GenerationError as error:
            return str(error)
        wanted = self._settings.model
        if wanted is not None and wanted not in served:
            has = ", ".join(served)
            return f"{self._settings.base_url} does not serve {wanted!r} but {has}: set generator.model"
        return None

    async def served(self, timeout_s: float) -> list[str]:
        """The names of the models the server lists; at least one."""
        try:
            async with asyncio.timeout(timeout_s):
                page = await self._client.models.list()
            names = [model.id for model in page.data]
            self._context_tokens = _context(page.data, self._model)
        except TimeoutError:
            raise too_slow(self._settings.base_url) from None
        except (AttributeError, TypeError):  # HTML with status 200 comes back as a string
            raise not_the_protocol(self._settings.base_url) from None
        except CLIENT_ERRORS as error:
            raise self._translated(error) from error
        if not names or not all(isinstance(name, str) for name in names):
            raise not_the_protocol(self._settings.base_url)
        return names

    async def model(self) -> str:
        """The model's name, asked of the server where it is not configured."""
        if self._model is None:
            self._model = (await self.served(self._settings.first_token_timeout_s))[0]
        return self._model

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """The whole reply."""
        reply = Reply(model=await self.model())
        async with aclosing(self._pieces(prompt, limits, reply)) as pieces:
            async for _ in pieces:
                pass
        opened = self._settings.thinking == "opened"
        said, thought, unclosed = split_thinking("".join(reply.content), opened=opened)
        return completion_of(reply, said, thought, unclosed)

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        """The reply as it arrives, without its reasoning."""
        reply = Reply(model=await self.model())
        splitter = ThinkSplitter(inside=self._settings.thinking == "opened")
        said: list[str] = []
        thought: list[str] = []
        try:
            async with aclosing(self._pieces(prompt, limits, reply)) as pieces:
                async for piece in pieces:
                    answer, reasoning = splitter.feed(piece)
                    thought.append(reasoning)
                    if answer:
                        said.append(answer)
                        yield Delta(text=answer)
        except UnopenedThinking:
            raise not_opened() from None
        answer, reasoning = splitter.finish()
        thought.append(reasoning)
        if answer:
            said.append(answer)
            yield Delta(text=answer)
        completion = completion_of(reply, "".join(said), "".join(thought), splitter.inside)
        yield Delta(completion=completion)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _pieces(self, prompt: Prompt, limits: Limits, reply: Reply) -> AsyncGenerator[str]:
        """Pieces of the reply's content; fills in the rest of ``reply``. Ends only with a finished reply."""
        settings = self._settings
        started = asyncio.get_running_loop().time()
        end = started + settings.total_timeout_s
        deadline = min(started + settings.first_token_timeout_s, end)
        try:
            async with asyncio.timeout_at(deadline):
                chunks = await self._open(prompt, limits, reply.model)
        except TimeoutError:
            raise too_slow(settings.base_url) from None
        try:
            if "event-stream" not in chunks.response.headers.get("content-type", ""):
                raise not_the_protocol(settings.base_url)
            events = EventStream(chunks.response)
            arrived = 0
            while (chunk := await events.next(deadline)) is not None:
                arrived += 1
                if arrived > most_chunks(limits.max_tokens):
                    raise never_ending(settings.base_url)
                if isinstance(chunk, dict) and chunk.get("error"):
                    raise broken_down(settings.base_url)
                content, thought = take(chunk, reply)
                if content or thought:
                    deadline = end
                if content:
                    reply.content.append(content)
                    yield content
        except (TimeoutError, httpx2.TimeoutException):
            raise too_slow(settings.base_url) from None
        except httpx2.HTTPError:
            raise unreachable(settings.base_url) from None
        except ValueError:  # no JSON, or not a chunk
            raise not_the_protocol(settings.base_url) from None
        finally:
            await chunks.close()
        check_end(reply, settings.base_url)
        self._retries.succeeded()
        self._loosenings.succeeded()

    async def _open(
        self, prompt: Prompt, limits: Limits, model: str
    ) -> openai.AsyncStream[ChatCompletionChunk]:
        """Start the reply: at most one retry."""
        for attempt in (0, 1):
            try:
                return await self._open_bound(prompt, limits, model)
            except CLIENT_ERRORS as error:
                wait_s = retry_wait_s(error)
                if attempt or wait_s is None or not self._retries.take():
                    raise self._translated(error) from error
                await asyncio.sleep(wait_s)
        raise AssertionError("unreachable: the second attempt returns or raises")

    async def _open_bound(
        self, prompt: Prompt, limits: Limits, model: str
    ) -> openai.AsyncStream[ChatCompletionChunk]:
        """Bind the reply's form as tightly as the server allows; what it refuses is not tried again.

        Only a request that is accepted with less shows that the binding was at fault, and not the prompt.
        """
        tried: set[Binding] = set()
        for binding in self._bindings(prompt):
            try:
                chunks = await self._create(prompt, limits, model, binding)
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                if binding == "none" or not self._loosenings.take():
                    raise
                tried.add(binding)
            else:
                self._refused |= tried
                return chunks
        raise AssertionError("unreachable: the last binding is none")

    def _bindings(self, prompt: Prompt) -> list[Binding]:
        bindings: list[Binding] = ["none"]
        if isinstance(prompt, ChoicePrompt):
            bindings.insert(0, "replies")
        if prompt.reply_schema() is not None:
            bindings.insert(0, "json_schema")
        return [binding for binding in bindings if binding not in self._refused]

    async def _create(
        self, prompt: Prompt, limits: Limits, model: str, binding: Binding
    ) -> openai.AsyncStream[ChatCompletionChunk]:
        body = chat_body(self._settings, prompt, limits, model, binding)
        extra = {name: body.pop(name) for name in ("structured_outputs",) if name in body}
        stream: openai.AsyncStream[ChatCompletionChunk] = await self._client.chat.completions.create(
            stream=True, stream_options={"include_usage": True}, extra_body=extra or None, **body
        )
        return stream

    def _translated(self, error: Exception) -> GenerationError:
        return translated(error, base_url=self._settings.base_url, model=self._model)


def chat_body(
    settings: OpenAISettings, prompt: Prompt, limits: Limits, model: str, binding: Binding
) -> dict[str, Any]:
    """The JSON of a chat completion that is not streamed."""
    body: dict[str, Any] = {
        "model": model,
        "messages": prompt.messages(),
        "max_tokens": limits.max_tokens,
        "temperature": settings.temperature,
    }
    if binding == "json_schema":
        named = {"name": "reply", "schema": prompt.reply_schema(), "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    elif binding == "replies" and isinstance(prompt, ChoicePrompt):
        body["structured_outputs"] = {"choice": prompt.replies()}
    if settings.seed is not None:
        body["seed"] = settings.seed
    return body


def whole_completion(settings: OpenAISettings, body: Any) -> Completion:
    """A chat completion that came in one piece, under the same rules as a streamed one.

    Raises:
        GenerationError: If it was cut, refused, or is no chat completion.
    """
    try:
        choice = body["choices"][0]
        message, usage = choice["message"], body.get("usage") or {}
        content = message.get("content") or ""
        thought = message.get("reasoning_content") or message.get("reasoning") or ""
        reply = Reply(model=body["model"])
        reply.content.append(content)
        reply.reasoning.append(thought)
        reply.finish_reason, reply.refusal = choice["finish_reason"], bool(message.get("refusal"))
        reply.prompt_tokens, reply.completion_tokens = (
            usage.get("prompt_tokens"),
            usage.get("completion_tokens"),
        )
        said, aloud, unclosed = split_thinking(content, opened=settings.thinking == "opened")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise not_the_protocol(settings.base_url) from None
    check_end(reply, settings.base_url)
    return completion_of(reply, said, aloud, unclosed)


def check_end(reply: Reply, base_url: str) -> None:
    """Raise for every end of a reply but ``stop``."""
    if reply.refusal or reply.finish_reason == "content_filter":
        raise refused()
    if reply.finish_reason == "length":
        raise truncated()
    if reply.finish_reason != "stop":
        raise cut_off(base_url)


def completion_of(reply: Reply, said: str, thought: str, unclosed: bool) -> Completion:
    """What was said and thought, of a reply that ended well."""
    if unclosed:
        raise truncated()
    if not said.strip():
        raise refused()
    return Completion(
        text=said,
        reasoning="".join(reply.reasoning) + thought,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        model=reply.model,
    )


def _context(models: Sequence[Model], wanted: str | None) -> int | None:
    """The context length that the server lists for the model (the first one where none is named)."""
    named = next((model for model in models if wanted is None or model.id == wanted), None)
    length = (named.model_extra or {}).get("max_model_len") if named is not None else None
    return length if isinstance(length, int) and length > 0 else None


def truncated() -> GenerationTruncated:
    """The reply hit its length limit."""
    return GenerationTruncated(
        "言語モデルの回答が長さの上限で切れました。limits.answer_tokens(手順では limits.step_tokens)を"
        "増やしてください。",
        "The model's reply was cut at its length limit. Raise limits.answer_tokens (limits.step_tokens for a "
        "step).",
    )


def refused() -> GenerationRefused:
    """No text, on purpose."""
    return GenerationRefused(
        "言語モデルがこの質問への回答を控えました。", "The model declined to answer this question."
    )


def not_opened() -> GenerationError:
    """Reasoning was streamed as if it were the answer."""
    return GenerationTruncated(
        '言語モデルの思考文が回答に混ざりました。generator.thinking を "opened" にするか、モデルサーバーの'
        "reasoning parser を有効にしてください。",
        'The model\'s reasoning arrived as its answer. Set generator.thinking = "opened", or turn on the '
        "model server's reasoning parser.",
    )
