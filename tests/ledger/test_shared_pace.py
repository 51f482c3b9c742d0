"""The pace of those who share a ledger: leases that grow with the demand, and a ledger that may be away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
import sqlalchemy as sa

from airflow_provider_nusawa.gateway.pace import Pace
from airflow_provider_nusawa.ledger.errors import LedgerMissing
from airflow_provider_nusawa.ledger.rates import HEADROOM, reserve
from airflow_provider_nusawa.ledger.schema_shared import rates
from airflow_provider_nusawa.ledger.shared_pace import LONGEST_WAIT_SECONDS, PATIENCE_SECONDS, SharedPace
from airflow_provider_nusawa.ledger.store import Ledger

GAP = 1 / (20 * HEADROOM)


def pace_over(ledger: Ledger | Callable[[], Ledger], rate: float = 20.0, alone: Pace | None = None) -> SharedPace:
    opened = ledger if callable(ledger) else lambda: ledger
    return SharedPace(opened, "a", rate, alone=alone or Pace(rate))


def moments(pace: SharedPace, calls: int) -> list[float]:
    return [wait + time.monotonic() for wait in (pace.reserve() for _ in range(calls))]


def free_in(ledger: Ledger) -> float:
    """Return how many seconds of the account's time are taken."""
    return ledger.write(lambda tx: reserve(tx, "a", 0, per_second=20)).starts_in


def test_calls_that_follow_each_other_are_evenly_spaced(ledger: Ledger) -> None:
    gaps = [later - sooner for sooner, later in pairwise(moments(pace_over(ledger), 40))]

    assert min(gaps) > GAP * 0.9
    assert sum(gaps) == pytest.approx(39 * GAP, rel=0.1)


def test_two_that_share_a_ledger_get_no_more_than_one_would(ledger: Ledger) -> None:
    taken: list[float] = []
    threads = [threading.Thread(target=lambda: taken.extend(moments(pace_over(ledger), 30))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    taken.sort()
    assert all(taken[place + 20] - taken[place] > 0.9 for place in range(len(taken) - 20))  # a lease takes a while


def test_a_lone_call_takes_one_moment_and_many_take_half_a_second_at_once(ledger: Ledger) -> None:
    slow, pace = pace_over(ledger, 1), pace_over(ledger)
    slow.reserve()
    alone = free_in(ledger)

    moments(pace, 30)

    assert 0 < alone < 1.1
    assert free_in(ledger) < 1.1 + 30 * GAP + 0.5


def test_moments_that_passed_unused_are_gone(ledger: Ledger) -> None:
    pace = pace_over(ledger)
    moments(pace, 4)  # of leases of 1, 2 and 4
    time.sleep(7 * GAP + 0.1)

    late = moments(pace, 8)

    assert late[-1] - late[0] > 6.5 * GAP


def test_a_429_slows_all_down_and_its_retry_after_holds_for_all(ledger: Ledger) -> None:
    one, other = pace_over(ledger), pace_over(ledger)

    one.slow_down(5.0)

    assert 4.5 < other.reserve() <= 5.0
    assert other.reserve() == pytest.approx(5.0 + 2 * GAP, abs=0.3)


def test_moments_at_the_former_rate_are_given_up(ledger: Ledger) -> None:
    pace, gap = pace_over(ledger, 5), 1 / (5 * HEADROOM)
    begun = time.monotonic()
    moments(pace, 2)  # of leases of 1 and 2: one is left

    pace.slow_down(0.0)

    first, second = moments(pace, 2)
    assert first > begun + 2.9 * gap
    assert second - first == pytest.approx(2 * gap, rel=0.2)


def test_many_429s_of_one_burst_halve_the_rate_once(ledger: Ledger) -> None:
    pace = pace_over(ledger)

    for _ in range(10):
        pace.slow_down(0.0)

    first, second = moments(pace, 2)
    assert second - first == pytest.approx(2 * GAP, rel=0.2)


def test_nobody_is_held_for_longer_than_a_minute(ledger: Ledger) -> None:
    pace = pace_over(ledger)

    pace.slow_down(3600.0)

    assert pace.reserve() == LONGEST_WAIT_SECONDS


def test_where_the_ledger_is_away_the_process_keeps_its_own_pace_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def missing() -> Ledger:
        raise LedgerMissing("there is no ledger at /nowhere")

    alone = Pace(20)
    pace = pace_over(missing, alone=alone)

    waits = [pace.reserve() for _ in range(3)]
    pace.slow_down(1.0)
    slowed = alone.rate
    pace.speed_up()

    assert waits == pytest.approx([0, 0.05, 0.1], abs=0.02)
    assert (slowed, alone.rate > 10) == (10, True)
    assert caplog.text.count("there is no ledger at /nowhere") == 1


def test_a_ledger_that_comes_back_is_asked_again(ledger: Ledger) -> None:
    places = iter([None, ledger])

    def come_and_go() -> Ledger:
        if (found := next(places)) is None:
            raise LedgerMissing("there is none")
        return found

    pace = SharedPace(come_and_go, "a", 20, alone=Pace(20), away_seconds=0.1)
    pace.reserve()
    time.sleep(0.15)

    pace.reserve()

    assert ledger.read(lambda tx: tx.run(sa.select(rates.c.account)).scalars().all()) == ["a"]


def test_a_ledger_that_does_not_answer_is_not_waited_for() -> None:
    asked, release = threading.Event(), threading.Event()

    def hang() -> Ledger:
        asked.set()
        release.wait()
        raise AssertionError("nobody waits any more")

    started = time.monotonic()
    wait = pace_over(hang).reserve()
    release.set()

    assert asked.is_set()
    assert wait == 0
    assert time.monotonic() - started < PATIENCE_SECONDS + 1
