"""Token buckets: each caller's rate, with bursts up to a minute's worth.

A bucket holds up to ``rate_per_minute`` tokens and refills evenly; a request takes one. What is left is told
in the fields of draft-ietf-httpapi-ratelimit-headers-10.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic

MAX_CALLERS = 10_000
"""Buckets kept; the one used longest ago goes first. Keys are few, subjects of tokens may be many."""


@dataclass(frozen=True)
class Allowance:
    """What a caller has left after a request.

    Attributes:
        granted: Whether this request may pass.
        remaining: Requests that would pass at once now.
        retry_after_s: Whole seconds until the next one passes, at least 1; 0 while some remain.
    """

    granted: bool
    rate_per_minute: int
    remaining: int
    retry_after_s: int

    @property
    def headers(self) -> Mapping[str, str]:
        """The fields of the draft."""
        return {
            "RateLimit-Policy": f'"key";q={self.rate_per_minute};w=60',
            "RateLimit": f'"key";r={self.remaining};t={self.retry_after_s or 1}',
        }


class Rates:
    """One bucket a caller. For the event loop alone: no lock."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, rate_per_minute: int) -> Allowance:
        """Take one token; ``rate_per_minute`` at least 1."""
        moment = self._clock()
        level, filled = self._buckets.pop(caller, (float(rate_per_minute), moment))
        level = min(rate_per_minute, level + (moment - filled) * rate_per_minute / 60)
        granted = level >= 1
        level -= granted
        self._buckets[caller] = (level, moment)
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        wait = 0 if level >= 1 else math.ceil((1 - level) * 60 / rate_per_minute)
        return Allowance(granted, rate_per_minute, int(level), max(wait, 0 if level >= 1 else 1))
