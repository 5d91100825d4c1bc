"""A generator that says what it is told: for tests, demonstrations and dry runs of benchmarks."""

from collections.abc import AsyncGenerator, Callable, Iterable

from service.generators.protocol import Completion, Delta, Limits
from service.prompts import Prompt

Reply = str | Exception
Script = Callable[[Prompt], Reply]


class ScriptedGenerator:
    """Replies from a list, in order, or by a function of the prompt; an exception is raised instead.

    Attributes:
        prompts: Every prompt received, in order.
    """

    def __init__(
        self,
        script: Iterable[Reply] | Script,
        *,
        model: str = "scripted",
        piece: int = 3,
        context_tokens: int | None = None,
    ) -> None:
        self._script = script if callable(script) else _in_order(script)
        self._model = model
        self._piece = piece
        self.context_tokens = context_tokens
        self.prompts: list[Prompt] = []

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """The next reply."""
        self.prompts.append(prompt)
        reply = self._script(prompt)
        if isinstance(reply, Exception):
            raise reply
        return Completion(text=reply, model=self._model, prompt_tokens=0, completion_tokens=len(reply))

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        """The next reply, a few characters at a time."""
        completion = await self.generate(prompt, limits=limits)
        for start in range(0, len(completion.text), self._piece):
            yield Delta(text=completion.text[start : start + self._piece])
        yield Delta(completion=completion)

    async def problem(self) -> None:
        """It always works."""

    async def close(self) -> None:
        """Nothing to release."""


def _in_order(replies: Iterable[Reply]) -> Script:
    queue = iter(replies)

    def reply(prompt: Prompt) -> Reply:
        try:
            return next(queue)
        except StopIteration:
            raise AssertionError(f"the script has no reply left for a {type(prompt).__name__}") from None

    return reply
