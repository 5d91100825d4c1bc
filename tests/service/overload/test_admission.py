"""The queue by itself: bounded, in order, and never leaking a place."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from service.errors import Busy, QueueTimeout
from service.overload.admission import Admission
from service.overload.settings import QueueSettings


class Crowd:
    """Questions that come one after the other; each holds its place until it is let go."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.served: list[int] = []
        self.refused: list[tuple[int, str]] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._done: list[asyncio.Event] = []

    async def come(self, number: int = 1) -> None:
        for _ in range(number):
            self._done.append(asyncio.Event())
            self.tasks.append(asyncio.create_task(self._ask(len(self.tasks))))
            await settle()

    async def finish(self, which: int) -> None:
        self._done[which].set()
        await settle()

    async def leave(self, which: int) -> None:
        self.tasks[which].cancel()
        await settle()

    async def _ask(self, which: int) -> None:
        try:
            async with self.admission.place():
                self.served.append(which)
                await self._done[which].wait()
        except (Busy, QueueTimeout) as error:
            self.refused.append((which, error.code))


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def with_crowd(
    test: Callable[[Crowd], Awaitable[None]], places: int = 1, length: int = 2, longest_wait_s: float = 60
) -> None:
    async def run() -> None:
        settings = QueueSettings(length=length, longest_wait_s=longest_wait_s)
        crowd = Crowd(Admission(places, settings))
        await test(crowd)
        for task in crowd.tasks:
            task.cancel()
        await asyncio.gather(*crowd.tasks, return_exceptions=True)
        assert (crowd.admission.busy, crowd.admission.waiting) == (0, 0), "a place leaked"

    asyncio.run(run())


def test_first_come_first_served() -> None:
    async def test(crowd: Crowd) -> None:
        await crowd.come(3)
        assert crowd.served == [0]
        await crowd.finish(0)
        assert crowd.served == [0, 1]
        await crowd.finish(1)
        assert crowd.served == [0, 1, 2]

    with_crowd(test)


def test_one_more_than_the_queue_holds_is_refused_at_once() -> None:
    async def test(crowd: Crowd) -> None:
        await crowd.come(4)
        assert crowd.refused == [(3, "busy")]
        assert (crowd.admission.busy, crowd.admission.waiting, crowd.admission.refused) == (1, 2, 1)

    with_crowd(test)


def test_nobody_overtakes_the_queue() -> None:
    """Who comes in the moment a place is free goes behind those who wait for it."""

    async def test(crowd: Crowd) -> None:
        await crowd.come(2)
        crowd._done[0].set()
        await crowd.come()
        assert crowd.served == [0, 1]

    with_crowd(test)


def test_who_leaves_the_queue_frees_its_place_in_it() -> None:
    async def test(crowd: Crowd) -> None:
        await crowd.come(3)
        await crowd.leave(1)
        assert crowd.admission.waiting == 1
        await crowd.come()
        assert crowd.refused == []
        await crowd.finish(0)
        assert crowd.served == [0, 2]

    with_crowd(test)


def test_a_place_given_to_someone_who_has_just_left_goes_to_the_next() -> None:
    async def test(crowd: Crowd) -> None:
        await crowd.come(3)
        crowd._done[0].set()
        await asyncio.sleep(0)  # the place is handed to 1 …
        crowd.tasks[1].cancel()  # … who is gone before it wakes
        await settle()
        assert crowd.served == [0, 2]

    with_crowd(test)


def test_who_waited_long_enough_is_told_to_come_back() -> None:
    async def test(crowd: Crowd) -> None:
        await crowd.come(2)
        await asyncio.wait({crowd.tasks[1]})
        assert crowd.refused == [(1, "queue-timeout")]
        assert crowd.admission.waiting == 0

    with_crowd(test, longest_wait_s=0.02)


def test_places_are_as_many_as_configured() -> None:
    async def test(crowd: Crowd) -> None:
        await crowd.come(5)
        assert crowd.served == [0, 1, 2]
        assert crowd.admission.waiting == 2

    with_crowd(test, places=3)


def test_retry_after_is_the_time_the_queue_needs() -> None:
    async def run() -> None:
        admission = Admission(2, QueueSettings(length=0))
        admission._mean_s = 30.0
        async with admission.place(), admission.place():
            with pytest.raises(Busy) as raised:
                async with admission.place():
                    pass
        assert raised.value.retry_after_s == 15

    asyncio.run(run())
