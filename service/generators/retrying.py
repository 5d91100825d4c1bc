"""When a failed call may be tried again, so that retries never pile onto an outage."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

import openai

_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 2.0


_EARNED_PER_S = 0.1
"""Without it a server that refuses the first calls for two reasons at once would never be tried otherwise."""


@dataclass
class RetryBudget:
    """Retries are earned by successes, one for every ten, and one every ten seconds; at most ten saved up.

    In an outage nothing succeeds, so after the few saved retries each request costs the server one call
    (as Finagle's retry budgets and the AWS clients do it).
    """

    saved: float = 1.0
    earned_per_success: float = 0.1
    most: float = 10.0
    clock: Callable[[], float] = monotonic
    _counted_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._counted_at = self.clock()

    def succeeded(self) -> None:
        """A call came back whole."""
        self.saved = min(self.most, self.saved + self.earned_per_success)

    def take(self) -> bool:
        """Whether one more retry is left; if so it is spent."""
        now = self.clock()
        self.saved = min(self.most, self.saved + (now - self._counted_at) * _EARNED_PER_S)
        self._counted_at = now
        if self.saved < 1:
            return False
        self.saved -= 1
        return True


def retry_wait_s(error: Exception) -> float | None:
    """Seconds to wait before the one retry, or ``None`` where trying again helps nobody.

    Only a connection that failed and the answers 429 and 503 may differ in a moment. A time-out may not:
    the server is still busy with the first try.
    """
    if isinstance(error, openai.APITimeoutError):
        return None
    if isinstance(error, openai.APIConnectionError):
        return _PAUSE_S
    if isinstance(error, openai.APIStatusError) and error.status_code in (429, 503):
        try:
            asked = float(error.response.headers.get("retry-after", _PAUSE_S))
        except ValueError:  # an HTTP date
            return _LONGEST_PAUSE_S
        return max(0.0, asked) if asked <= _LONGEST_PAUSE_S else None
    return None
