"""The moments that a pace hands out, in its own words: seconds to wait."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from airflow_provider_nusawa.gateway.pace import Pace, pace_of


@pytest.mark.parametrize("rate", [pytest.param(20.0, id="default"), pytest.param(0.5, id="one-in-two-seconds")])
def test_calls_are_evenly_spaced(rate):
    pace = Pace(rate)

    waits = [pace.reserve() for _ in range(4)]

    gaps = [later - sooner for sooner, later in pairwise(waits)]
    assert waits[0] == 0
    assert gaps == pytest.approx([1 / rate] * 3, abs=0.01)


def test_no_second_holds_more_calls_than_the_rate():
    pace = Pace(10)

    waits = [pace.reserve() for _ in range(30)]

    assert all(waits[n + 10] - waits[n] >= 0.99 for n in range(20))


def test_a_429_halves_the_rate_and_answers_bring_it_back():
    pace = Pace(20)

    pace.slow_down()
    halved = pace.rate
    for _ in range(100):
        pace.speed_up()

    assert halved == 10
    assert pace.rate == pytest.approx(20)


def test_many_429s_never_stop_it_and_many_answers_never_pass_the_full_rate():
    pace = Pace(64)

    for _ in range(50):
        pace.slow_down()
    slowest = pace.rate
    for _ in range(500):
        pace.speed_up()

    assert (slowest, pace.rate) == (1, 64)


def test_clients_of_one_account_share_one_pace_and_other_accounts_have_their_own():
    assert pace_of("host|a", 20) is pace_of("host|a", 20)
    assert pace_of("host|a", 20) is not pace_of("host|b", 20)


def test_a_rate_that_was_changed_in_the_connection_holds_from_the_next_client_on():
    pace_of("host|changed", 20)

    assert pace_of("host|changed", 5).rate == 5


def test_threads_never_get_the_same_moment():
    pace = Pace(1000)
    waits: list[float] = []

    threads = [threading.Thread(target=lambda: waits.extend(pace.reserve() for _ in range(50))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(waits) == 400
    assert pace.reserve() > 0.2  # 400 calls at 1000 a second reach this far ahead, less the time this took
