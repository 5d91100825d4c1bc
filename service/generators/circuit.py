"""Leave a failing model server alone, and find out when it works again (a circuit breaker).

After five failures in a row no call reaches the server: users hear at once what is wrong, or get the
evidence, and the server is not kept down by those who wait for it. After a pause one call is let through,
and decides (M. Nygard, Release It!, 2007).
"""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from math import ceil
from time import monotonic
from typing import Literal

import structlog
from pydantic import Field

from corpora import Frozen
from service.errors import (
    GenerationError,
    GenerationTimeout,
    GeneratorUnavailable,
    PromptRejected,
    ServiceError,
)
from service.generators.protocol import Completion, Delta, Generator, Limits
from service.prompts import Prompt

log = structlog.get_logger(__name__)

CircuitState = Literal["closed", "open", "half_open"]

_LONGEST_OPEN_S = 300.0
"""A server that asks to be left alone for longer is asked again anyway: it may have been restarted."""


class CircuitSettings(Frozen):
    """When calls to the model server stop, and for how many seconds."""

    failures: int = Field(default=5, ge=1)
    open_s: float = Field(default=10.0, gt=0)


class CircuitBreaker:
    """The state of one server. Of the event loop's thread alone.

    ``closed``: calls pass. ``open``: none does. ``half_open``: the pause is over; one call passes.

    Attributes:
        openings: How often it opened.
    """

    def __init__(
        self, settings: CircuitSettings | None = None, clock: Callable[[], float] = monotonic
    ) -> None:
        self._settings = settings or CircuitSettings()
        self._clock = clock
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False
        self._last: GenerationError | None = None
        self.openings = 0

    @property
    def state(self) -> CircuitState:
        """Now."""
        if self._open_until is None:
            return "closed"
        return "open" if self._clock() < self._open_until else "half_open"

    @property
    def last_error(self) -> GenerationError | None:
        """What opened it; ``None`` while it is closed."""
        return self._last if self._open_until is not None else None

    @contextmanager
    def call(self) -> Iterator[None]:
        """Hold one call to the server; how the block ends is how the call ended.

        A cut or refused reply is a working server's. A call that its reader gave up says nothing.

        Raises:
            GeneratorUnavailable: If the circuit lets no call through.
        """
        probe = self._admit()
        try:
            yield
        except PromptRejected:
            self._succeeded(probe)  # the server works; this one prompt does not fit it
            raise
        except (GeneratorUnavailable, GenerationTimeout) as error:
            self._failed(probe, error)
            raise
        except ServiceError:
            self._succeeded(probe)
            raise
        except BaseException:
            if probe:
                self._probing = False
            raise
        else:
            self._succeeded(probe)

    def _admit(self) -> bool:
        """Whether this call is the probe."""
        state = self.state
        if state == "closed":
            return False
        if state == "half_open" and not self._probing:
            self._probing = True
            return True
        raise self.refusal()

    def refusal(self) -> GeneratorUnavailable:
        """What a caller hears whose call is not let through; carries the seconds to wait."""
        assert self._open_until is not None
        seconds = max(1, ceil(self._open_until - self._clock()))
        ja, en = (self._last.ja, self._last.en) if self._last else ("", "")
        error = GeneratorUnavailable(
            f"言語モデルのサーバーが続けて失敗したため、呼び出しを{seconds}秒間止めています。{ja}",
            f"Calls to the model server are paused for {seconds} s after repeated failures. {en}",
        )
        error.retry_after_s = seconds
        return error

    def _succeeded(self, probe: bool) -> None:
        if probe:
            self._probing = False
            self._open_until = None
            log.info("model circuit", circuit="closed")
        if self._open_until is None:  # a call from before the failures proves nothing about now
            self._failures = 0

    def _failed(self, probe: bool, error: GenerationError) -> None:
        self._failures += 1
        if probe:
            self._probing = False
        elif self._open_until is not None or self._failures < self._settings.failures:
            return
        asked = error.asked_to_wait_s if isinstance(error, GeneratorUnavailable) else None
        pause_s = max(self._settings.open_s, min(asked or 0, _LONGEST_OPEN_S))
        self._last = error
        self._open_until = self._clock() + pause_s
        self.openings += 1
        log.warning(
            "model circuit", circuit="open", code=error.code, failures=self._failures, pause_s=pause_s
        )


class GuardedGenerator:
    """A generator behind a circuit breaker."""

    def __init__(self, generator: Generator, circuit: CircuitBreaker) -> None:
        self._generator = generator
        self.circuit = circuit

    @property
    def context_tokens(self) -> int | None:
        """As the generator."""
        return self._generator.context_tokens

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """As the generator, while the circuit lets it."""
        with self.circuit.call():
            return await self._generator.generate(prompt, limits=limits)

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        """As the generator, while the circuit lets it."""
        with self.circuit.call():
            async with aclosing(self._generator.stream(prompt, limits=limits)) as deltas:
                async for delta in deltas:
                    yield delta

    async def problem(self) -> str | None:
        """As the generator; an open circuit answers for the server, which is left alone."""
        if self.circuit.state == "open":
            return str(self.circuit.refusal())
        return await self._generator.problem()

    async def close(self) -> None:
        """As the generator."""
        await self._generator.close()
