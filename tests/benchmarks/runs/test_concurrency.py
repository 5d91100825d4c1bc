"""The limit follows the server; a gate lets in as many as it says, in their order."""

import asyncio
from time import monotonic

from benchmarks.runs.concurrency import AdaptiveLimit, Gate, waiting_requests


def test_it_grows_by_one_for_a_round_of_good_replies_up_to_its_most() -> None:
    limit = AdaptiveLimit(4, 6)
    for _ in range(5):
        limit.succeeded(1.0, 100)
    assert limit.places == 5
    for _ in range(50):
        limit.succeeded(1.0, 100)
    assert limit.places == 6


def test_calls_that_began_before_a_cut_do_not_cut_again() -> None:
    limit = AdaptiveLimit(16, 16)
    before = monotonic()
    for _ in range(8):
        limit.overloaded(before)
    assert limit.places == 8
    limit.overloaded(monotonic())
    assert limit.places == 4


def test_it_never_falls_below_one() -> None:
    limit = AdaptiveLimit(1, 8)
    for _ in range(5):
        limit.overloaded(monotonic())
    assert limit.places == 1


def test_it_does_not_grow_while_replies_are_many_times_slower_than_the_best() -> None:
    limit = AdaptiveLimit(4, 64)
    limit.succeeded(1.0, 100)
    for _ in range(60):
        limit.succeeded(20.0, 100)
    slow = limit.value
    limit.succeeded(20.0, 100)
    assert limit.value == slow


def test_a_gate_is_first_come_first_served_and_follows_its_limit() -> None:
    async def scene() -> list[int]:
        limit = AdaptiveLimit(2, 8)
        gate, order, most = Gate(limit), list[int](), [0]
        inside = 0

        async def visitor(number: int) -> None:
            nonlocal inside
            async with gate.place():
                inside += 1
                most[0] = max(most[0], inside)
                order.append(number)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(visitor(number) for number in range(20)))
        assert most[0] == 2
        return order

    assert asyncio.run(scene()) == list(range(20))


def test_a_cancelled_visitor_takes_no_place_with_him() -> None:
    async def scene() -> None:
        gate = Gate(AdaptiveLimit(1, 1))
        await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        gate.leave()  # hands the place to the one who is cancelled in the same moment
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.wait_for(gate.enter(), 1)

    asyncio.run(scene())


def test_vllms_queue_is_read_from_its_metrics() -> None:
    text = (
        "# HELP vllm:num_requests_waiting Number of requests waiting.\n"
        'vllm:num_requests_waiting{engine="0",model_name="m"} 3.0\n'
        'vllm:num_requests_waiting{engine="1",model_name="m"} 4.0\n'
        'vllm:num_requests_waiting_by_reason{reason="capacity"} 9.0\n'
    )
    assert waiting_requests(text) == 7
    assert waiting_requests("go_goroutines 7\n") is None
