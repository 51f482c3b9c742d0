"""The parts that decide how fast: timetable, flight, breaker, back-off. All pure, over a clock of the test's."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import pytest

from airflow_provider_nusawa.campaign.breaker import Breaker, State
from airflow_provider_nusawa.campaign.flight import MOST_IN_FLIGHT, Flight
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.campaign.timetable import Timetable
from airflow_provider_nusawa.ledger.rates import Share


@dataclass
class Account:
    """What the ledger keeps of one: the first moment that nobody has reserved."""

    free_at: float = 0.0


class Sim:
    """One process: reserves as a ledger would, and leaves late as a busy machine does.

    :param lateness: Returns how late, in seconds, the process wakes up.
    :param account: Shared with others; by default it is alone with it.
    """

    def __init__(
        self, rate: float, lateness: object = None, *, own_rate: float | None = None, account: Account | None = None
    ) -> None:
        self.now = 1000.0
        self.account = account or Account()
        self.table = Timetable(rate, lambda: self.now, own_rate=own_rate)
        self.lateness = lateness
        self.left: list[float] = []

    def reserve(self) -> None:
        spacing = 1 / self.table.asked_rate
        starts = max(self.account.free_at, self.now)
        requests = self.table.requests_at_once
        self.account.free_at = starts + requests * spacing
        self.table.add(Share(requests, starts - self.now, spacing))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            if self.table.is_short(self.now + 0.5):
                self.reserve()
            moment = self.table.peek()
            if moment is None:  # it is not short, but its last moment is used
                self.now += 0.01
            elif moment > self.now:
                self.now = min(moment + (self.lateness() if callable(self.lateness) else 0.0), end)
            else:
                self.table.take()
                self.left.append(self.now)


def busiest_second(*sims: Sim) -> int:
    moments = [moment for sim in sims for moment in sim.left]
    return max(sum(start <= moment < start + 1 for moment in moments) for start in moments)


@pytest.mark.parametrize("rate", [0.5, 1.5, 3, 20, 33.3, 100])
@pytest.mark.parametrize(
    "lateness",
    [lambda: 0.0, lambda: random.uniform(0, 0.005), lambda: 0.08 * (random.random() < 0.01)],
    ids=["punctual", "a-little-late", "now-and-then-80-ms"],
)
def test_never_above_the_rate_in_any_second_and_close_to_it_over_a_minute(rate: float, lateness: object) -> None:
    random.seed(7)
    sim = Sim(rate, lateness)

    sim.run(60)

    assert busiest_second(sim) <= math.ceil(rate)
    assert len(sim.left) >= math.floor(0.95 * 60 * rate)


@pytest.mark.parametrize("own_rate", [0.2, 1, 7, 10, 40])
def test_a_lower_rate_of_its_own_holds_in_any_second_and_over_a_minute(own_rate: float) -> None:
    sim = Sim(50, own_rate=own_rate)

    sim.run(60)

    assert busiest_second(sim) <= math.ceil(own_rate)
    assert 0.95 * 60 * own_rate <= len(sim.left) <= 60 * own_rate + 1


@pytest.mark.parametrize("own_rate", [0.2, 1, 5])
def test_a_gentle_campaign_leaves_the_accounts_rate_to_others(own_rate: float) -> None:
    account = Account()
    gentle, fast = Sim(50, own_rate=own_rate, account=account), Sim(50, account=account)

    for _ in range(6_000):
        gentle.run(0.01)
        fast.run(0.01)

    assert len(fast.left) >= 0.97 * 60 * (50 - own_rate) * 0.95
    assert len(gentle.left) >= 0.7 * 60 * own_rate
    # It spreads what it took of the account's time, so a second may hold that much more.
    assert busiest_second(gentle, fast) <= 50 + gentle.table.requests_at_once


def test_after_a_long_stall_nothing_is_caught_up_with() -> None:
    sim = Sim(100)
    sim.run(2)
    sim.now += 5

    sim.run(2)

    assert busiest_second(sim) <= 100
    assert len(sim.left) < 410


def test_moments_given_up_do_not_come_back() -> None:
    sim = Sim(100)
    sim.reserve()

    sim.table.clear()

    assert (sim.table.peek(), sim.table.count(math.inf)) == (None, 0)
    assert sim.table.is_short(sim.now + 0.5)


def test_who_is_slowed_down_does_not_exceed_a_rate_of_its_own() -> None:
    sim = Sim(50, own_rate=0.2)
    sim.reserve()

    sim.table.clear()

    assert not sim.table.is_short(sim.now + 5)


def test_a_rate_beyond_measure_holds_nobody_back() -> None:
    sim = Sim(1e9)
    sim.reserve()
    sim.now += 60

    assert sim.table.count(sim.now) > 10_000
    assert not sim.table.is_short(sim.now + 60)


@pytest.mark.parametrize("latency", [0.05, 0.2, 1.0])
def test_enough_are_under_way_for_the_latency_seen(latency: float) -> None:
    flight = Flight(100)
    for _ in range(500):
        flight.heard(latency)

    assert 100 * latency < flight.limit < 100 * (2 * latency + 1)


def test_a_slower_gateway_is_heard_at_once_and_forgotten_slowly() -> None:
    flight = Flight(100)
    for _ in range(500):
        flight.heard(0.05)
    low = flight.limit

    flight.heard(2.0)
    high = flight.limit
    flight.heard(0.05)

    assert low < 80
    assert high > 400
    assert flight.limit > 0.97 * high


def test_what_is_under_way_is_bounded() -> None:
    assert Flight(1e9).limit == MOST_IN_FLIGHT


def heard(breaker: Breaker, answers: str) -> State:
    """``-`` is a silence, ``a`` an answer, ``P`` a probe that is answered, ``p`` one that is not."""
    for what in answers:
        if what in "Pp":
            breaker.probed(answered=what == "P")
        else:
            breaker.heard(silent=what == "-")
    return breaker.state


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        pytest.param("-" * 9, State.CLOSED, id="nine"),
        pytest.param("-" * 10, State.OPEN, id="ten"),
        pytest.param("-" * 9 + "a" + "-" * 9, State.CLOSED, id="not-in-a-row"),
        pytest.param("-" * 10 + "a", State.OPEN, id="a-late-answer-is-no-probe"),
        pytest.param("-" * 10 + "P", State.TRIAL, id="probed"),
        pytest.param("-" * 10 + "Pa", State.CLOSED, id="tried"),
        pytest.param("-" * 10 + "Pa" + "-" * 9, State.CLOSED, id="counts-anew"),
        pytest.param("-" * 10 + "P-", State.OPEN, id="tried-in-vain"),
        pytest.param("-" * 10 + "p", State.OPEN, id="probed-in-vain"),
        pytest.param("-" * 10 + "pP-", State.GIVEN_UP, id="twice-in-vain"),
        pytest.param("-" * 10 + "pPa" + "-" * 10 + "p", State.OPEN, id="forgiven"),
    ],
)
def test_the_breaker(answers: str, state: State) -> None:
    assert heard(Breaker(waits=(1.0, 2.0)), answers) is state


def test_an_open_breaker_lets_nothing_leave_and_a_trial_one() -> None:
    breaker = Breaker(waits=(1.0, 2.0))

    assert breaker.most_in_flight == math.inf
    heard(breaker, "-" * 10)
    assert (breaker.most_in_flight, breaker.wait_seconds) == (0, 1.0)
    heard(breaker, "p")
    assert breaker.wait_seconds == 2.0
    heard(breaker, "P")
    assert breaker.most_in_flight == 1


def test_tries_are_ever_further_apart_until_there_are_no_more() -> None:
    terms = Terms(max_attempts=6)

    assert [terms.back_off(setbacks) for setbacks in range(6)] == [10, 30, 90, 270, 810, None]
    assert Terms(max_attempts=99).back_off(50) == 900
    assert Terms(max_attempts=1).back_off(0) is None
