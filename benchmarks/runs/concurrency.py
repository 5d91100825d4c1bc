"""How many answers are under way: additive increase, multiplicative decrease (Chiu and Jain, Computer
Networks and ISDN Systems 17, 1989, doi:10.1016/0169-7552(89)90019-6).

A server is full when it says so (429, 503), when it does not answer in time, when requests wait in its queue
(vLLM tells, on ``/metrics``), or when its replies slow down to a multiple of the best seen.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from time import monotonic
from urllib.parse import urlsplit, urlunsplit

import httpx
import openai

from service.errors import GenerationTimeout, GeneratorUnavailable
from service.generators import Completion, Delta, Generator, Limits
from service.prompts import Prompt

CUT = 0.5
QUEUE_CUT = 0.8
"""A queue that is noticed early needs no halving."""
SLOW = 4.0
"""Times the best pace: beyond it, more at once gives nothing but waiting."""
_SMOOTHING = 0.1
POLL_S = 1.0
_MISSES = 3


class AdaptiveLimit:
    """A limit between 1 and ``most`` that follows a server.

    Attributes:
        value: Places, a whole number being what counts; grows by 1 for every ``value`` good replies.
    """

    def __init__(self, start: int, most: int) -> None:
        self.value = float(min(start, most))
        self._most = most
        self._cut_at = 0.0
        self._pace: float | None = None
        self._best: float | None = None

    @property
    def places(self) -> int:
        """How many may be under way."""
        return max(1, int(self.value))

    def succeeded(self, seconds: float, tokens: int) -> None:
        """A call came back whole, after ``seconds`` for ``tokens`` read and written."""
        pace = seconds / max(tokens, 1)
        self._pace = pace if self._pace is None else (1 - _SMOOTHING) * self._pace + _SMOOTHING * pace
        self._best = self._pace if self._best is None else min(self._best, self._pace)
        if self._pace <= SLOW * self._best:
            self.value = min(float(self._most), self.value + 1 / self.value)

    def overloaded(self, began: float, cut: float = CUT) -> None:
        """A call that ``began`` then (`time.monotonic`) met a full server; calls older than the last cut do
        not cut again."""
        if began >= self._cut_at:
            self.value = max(1.0, self.value * cut)
            self._cut_at = monotonic()


class Gate:
    """Lets as many in as the limit has places, first come, first served."""

    def __init__(self, limit: AdaptiveLimit) -> None:
        self._limit = limit
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """One place, until the block ends."""
        await self.enter()
        try:
            yield
        finally:
            self.leave()

    async def enter(self) -> None:
        """Wait for a place; `leave` gives it back."""
        if self._inside < self._limit.places and not self._waiting:
            self._inside += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back."""
        self._inside -= 1
        while self._waiting and self._inside < self._limit.places:
            turn = self._waiting.popleft()
            if not turn.done():
                self._inside += 1
                turn.set_result(None)


class GatedGenerator:
    """A generator whose calls wait for a place, and tell the limit how they went."""

    def __init__(self, generator: Generator, limit: AdaptiveLimit) -> None:
        self._generator = generator
        self._limit = limit
        self._gate = Gate(limit)
        self.under_way = 0

    @property
    def context_tokens(self) -> int | None:
        """As the generator."""
        return self._generator.context_tokens

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """As the generator."""
        async with self._gate.place():
            began = monotonic()
            try:
                completion = await self._generator.generate(prompt, limits=limits)
            except Exception as error:
                self._failed(error, began)
                raise
            self._limit.succeeded(monotonic() - began, _tokens(completion))
            return completion

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        """As the generator."""
        async with self._gate.place():
            began = monotonic()
            try:
                async with aclosing(self._generator.stream(prompt, limits=limits)) as deltas:
                    async for delta in deltas:
                        if delta.completion is not None:
                            self._limit.succeeded(monotonic() - began, _tokens(delta.completion))
                        yield delta
            except Exception as error:
                self._failed(error, began)
                raise

    async def problem(self) -> str | None:
        """As the generator."""
        return await self._generator.problem()

    async def close(self) -> None:
        """As the generator."""
        await self._generator.close()

    def _failed(self, error: Exception, began: float) -> None:
        if is_overload(error):
            self._limit.overloaded(began)


def _tokens(completion: Completion) -> int:
    return (completion.prompt_tokens or 0) + (completion.completion_tokens or 0)


def is_overload(error: BaseException) -> bool:
    """Whether a server failed for being full, or for the moment: trying again later may help."""
    if isinstance(error, GenerationTimeout):
        return True
    cause = error.__cause__
    if isinstance(cause, openai.APIStatusError):
        return cause.status_code in (429, 502, 503, 504)
    return isinstance(error, GeneratorUnavailable) and isinstance(cause, openai.APIConnectionError)


_WAITING = re.compile(r"^vllm:num_requests_waiting(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


def waiting_requests(metrics: str) -> float | None:
    """Requests in vLLM's queues, or ``None`` if the text is not its metrics."""
    found = _WAITING.findall(metrics)
    return sum(map(float, found)) if found else None


async def follow_queue(base_url: str, limit: AdaptiveLimit) -> None:
    """Watch a vLLM server's queue until cancelled; gives up on a server without such metrics."""
    parts = urlsplit(base_url)
    address = urlunsplit((parts.scheme, parts.netloc, "/metrics", "", ""))
    missed = 0
    async with httpx.AsyncClient(timeout=POLL_S * 2) as client:
        while missed < _MISSES:
            waiting: float | None = None
            with suppress(httpx.HTTPError, ValueError):
                reply = await client.get(address)
                waiting = waiting_requests(reply.text) if reply.status_code == httpx.codes.OK else None
            missed = missed + 1 if waiting is None else 0
            if waiting is not None and waiting > max(1.0, limit.value / 8):
                limit.overloaded(monotonic(), QUEUE_CUT)
            await asyncio.sleep(POLL_S)
