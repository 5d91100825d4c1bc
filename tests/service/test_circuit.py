"""The circuit breaker by itself, with a clock of the test's own."""

import asyncio

import pytest

from service.errors import (
    GenerationError,
    GenerationRefused,
    GenerationTimeout,
    GenerationTruncated,
    GeneratorUnavailable,
    PromptRejected,
)
from service.generators.circuit import CircuitBreaker, CircuitSettings
from service.generators.retrying import RetryBudget


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(CircuitSettings(failures=3, open_s=10), clock)


def fail(circuit: CircuitBreaker, kind: type[GenerationError] = GeneratorUnavailable, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(kind), circuit.call():
            raise kind("落ちた", "down")


@pytest.mark.parametrize("kind", [GeneratorUnavailable, GenerationTimeout])
def test_failures_in_a_row_open_it(circuit: CircuitBreaker, kind: type[GenerationError]) -> None:
    fail(circuit, kind, times=2)
    assert circuit.state == "closed"
    fail(circuit, kind)
    assert circuit.state == "open"


def test_one_success_between_them_begins_the_count_anew(circuit: CircuitBreaker) -> None:
    fail(circuit, times=2)
    with circuit.call():
        pass
    fail(circuit, times=2)
    assert circuit.state == "closed"


@pytest.mark.parametrize("kind", [PromptRejected, GenerationTruncated, GenerationRefused])
def test_a_reply_that_is_of_no_use_is_still_a_reply(
    circuit: CircuitBreaker, kind: type[GenerationError]
) -> None:
    fail(circuit, times=2)
    fail(circuit, kind)
    fail(circuit, times=2)
    assert circuit.state == "closed"


def test_only_one_call_tries_whether_it_works_again(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.now = 10
    assert circuit.state == "half_open"
    with circuit.call():
        with pytest.raises(GeneratorUnavailable), circuit.call():
            pytest.fail("a second call was let through")
        assert circuit.state == "half_open"
    assert circuit.state == "closed"


def test_a_trial_that_fails_opens_it_for_as_long_again(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.now = 10
    fail(circuit)
    assert (circuit.state, circuit.openings) == ("open", 2)
    clock.now = 20
    assert circuit.state == "half_open"


def test_a_trial_that_its_reader_gave_up_decides_nothing(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.now = 10
    with pytest.raises(asyncio.CancelledError), circuit.call():
        raise asyncio.CancelledError
    assert circuit.state == "half_open"
    with circuit.call():
        pass
    assert circuit.state == "closed"


def test_a_call_from_before_the_outage_does_not_heal_it(circuit: CircuitBreaker) -> None:
    with circuit.call():
        fail(circuit, times=3)
    assert circuit.state == "open"


@pytest.mark.parametrize(("asked", "until"), [(60, 60.0), (1, 10.0), (86_400, 300.0)])
def test_a_servers_wish_to_be_left_alone_is_kept_within_bounds(
    circuit: CircuitBreaker, clock: Clock, asked: int, until: float
) -> None:
    fail(circuit, times=2)
    error = GeneratorUnavailable("混雑", "busy")
    error.asked_to_wait_s = asked
    with pytest.raises(GeneratorUnavailable), circuit.call():
        raise error
    clock.now = until - 0.1
    assert circuit.state == "open"
    clock.now = until
    assert circuit.state == "half_open"


def test_who_is_turned_away_hears_why_and_for_how_long(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.now = 2.5
    with pytest.raises(GeneratorUnavailable, match="down") as raised, circuit.call():
        pass
    assert raised.value.retry_after_s == 8


def test_retries_are_earned_by_successes_and_by_time(clock: Clock) -> None:
    budget = RetryBudget(clock=clock)
    assert [budget.take() for _ in range(3)] == [True, False, False]
    for _ in range(11):
        budget.succeeded()
    assert [budget.take() for _ in range(2)] == [True, False]
    clock.now = 30.0
    assert [budget.take() for _ in range(4)] == [True, True, True, False]
