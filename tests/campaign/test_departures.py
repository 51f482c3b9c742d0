"""The last word on a request whose connection is there: no second gets more than the rate, however long that took."""

from __future__ import annotations

import asyncio
import math
import random
import time

import pytest
from ledger_house import number
from leg_house import LegHouse

from airflow_provider_nusawa.campaign.post import Post
from airflow_provider_nusawa.campaign.timetable import Timetable
from airflow_provider_nusawa.gateway.call import intent_clock
from airflow_provider_nusawa.gateway.errors import Cause, Unreachable
from airflow_provider_nusawa.gateway.messages import Message


def departures(rate: float, ready: list[float]) -> list[float]:
    """Return when requests leave that have a connection at these moments."""
    now = 0.0
    table = Timetable(rate, lambda: now)
    left: list[float] = []
    waiting = sorted(ready)
    while waiting:
        now = waiting.pop(0)
        wait = table.depart()
        if wait > 0:
            waiting = sorted([*waiting, now + wait])
        else:
            left.append(now)
    return left


def busiest_second(moments: list[float]) -> int:
    return max(sum(start <= moment < start + 1 for moment in moments) for start in moments)


@pytest.mark.parametrize("rate", [0.5, 1.5, 20, 100])
def test_connections_that_take_long_at_first_and_no_time_later_crowd_no_second(rate: float) -> None:
    random.seed(7)
    moments = [place / rate / 0.97 for place in range(int(4 * rate) + 4)]
    ready = [moment + (random.uniform(0.1, 0.3) if moment < 1 else 0.0) for moment in moments]

    left = departures(rate, ready)

    assert len(left) == len(ready)
    assert busiest_second(left) <= math.ceil(rate)


def test_who_is_ready_at_a_regular_moment_waits_for_nothing() -> None:
    ready = [place / 97 for place in range(500)]

    assert departures(100, ready) == ready


def test_a_request_leaves_only_when_the_timetable_lets_it(legs: LegHouse) -> None:
    async def send_two() -> None:
        post = Post(legs.settings(), 8, Timetable(1.0, time.monotonic))
        try:
            await asyncio.gather(*(post.send(Message(number(place), "Halo"), math.inf) for place in (1, 2)))
        finally:
            await post.close()

    asyncio.run(send_two())

    first, second = (call.arrived for call in legs.backend.books.requests)
    assert second - first >= 0.95


def test_who_would_be_too_late_by_then_does_not_leave_at_all(legs: LegHouse) -> None:
    async def send_two() -> list[object]:
        post = Post(legs.settings(), 8, Timetable(1.0, time.monotonic))
        soon = intent_clock() + 0.7
        sends = (post.send(Message(number(place), "Halo"), soon) for place in (1, 2))
        try:
            return await asyncio.gather(*sends, return_exceptions=True)
        finally:
            await post.close()

    late = [error for error in asyncio.run(send_two()) if isinstance(error, Unreachable)]

    assert [(error.cause, error.never_asked) for error in late] == [(Cause.LATE, True)]
    assert legs.sends == 1
