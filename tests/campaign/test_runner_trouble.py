"""Legs over a ledger that fails: commits that break, a server that goes away, faults of ours."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from ledger_house import House, number
from leg_house import Ahead, LegHouse, compose
from postgres import Postgres, postgres_or_skip

from airflow_provider_nusawa.campaign.breaker import SILENCES_IN_A_ROW, Breaker
from airflow_provider_nusawa.campaign.desk import Desk
from airflow_provider_nusawa.campaign.ending import End, Ending, Reason
from airflow_provider_nusawa.campaign.post import Post
from airflow_provider_nusawa.campaign.probing import Prober
from airflow_provider_nusawa.campaign.timetable import Timetable
from airflow_provider_nusawa.emulator import Account, Backend
from airflow_provider_nusawa.emulator.serving import serve
from airflow_provider_nusawa.gateway.errors import InvalidSettings
from airflow_provider_nusawa.gateway.messages import Message, Options
from airflow_provider_nusawa.gateway.settings import Secret
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.errors import LedgerUnavailable
from airflow_provider_nusawa.ledger.leases import LEASE_SECONDS
from airflow_provider_nusawa.ledger.outlook import Outlook
from airflow_provider_nusawa.ledger.schema import recipients
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.ledger.store import Ledger, open_ledger
from airflow_provider_nusawa.ledger.tx import Tx
from airflow_provider_nusawa.ledger.work import Claimed, Turn

Result = TypeVar("Result")


class Shaky(Ledger):
    """A ledger whose connection breaks now and then: before a commit, or after it and before word of it came."""

    dice = random.Random(3)

    def write(self, work: Callable[[Tx], Result]) -> Result:
        chance = self.dice.random()
        if chance < 0.1:
            raise LedgerUnavailable("the connection broke before the commit")
        result = super().write(work)
        if chance > 0.9:
            raise LedgerUnavailable("the connection broke in the commit")
        return result


def test_commits_that_break_lose_nobody_and_double_nobody(legs: LegHouse) -> None:
    campaign = legs.campaign(people=200)
    sound = legs.house.ledger
    legs.house.ledger = Shaky(sound.engine, sound.identity, sound.clock)
    leg = legs.leg(campaign, rate_per_second=100)
    legs.house.ledger = sound

    with legs.running(leg) as endings:
        pass

    assert endings[0].end is End.FINISHED
    assert legs.states(campaign) == {"accepted": 200}
    assert (legs.sends, legs.backend.accepted_twice()) == (200, {})


def test_what_a_leg_that_was_cut_off_takes_back_is_not_what_another_has_begun(legs: LegHouse) -> None:
    """Nothing of its begin stands; when it is back, another has begun the same tries, and waits for the answers."""
    is_away, is_back = threading.Event(), threading.Event()

    class CutOff(Ledger):
        def write(self, work: Callable[[Tx], Result]) -> Result:
            def cut(tx: Tx) -> Result:
                result = work(tx)
                if isinstance(result, Turn) and result.begun:
                    is_away.set()
                if is_away.is_set() and not is_back.is_set():
                    raise LedgerUnavailable("the connection broke before the commit")
                return result

            return super().write(cut)

    campaign, sound = legs.campaign(people=10), legs.house.ledger
    legs.backend.rules.latency_seconds["send"] = 2.0
    legs.house.ledger = CutOff(sound.engine, sound.identity, sound.clock)
    cut_off = legs.leg(campaign)
    legs.house.ledger = sound

    with legs.running(cut_off) as endings:
        legs.until(is_away.is_set)
        legs.clock.seconds += LEASE_SECONDS + 1
        with legs.running(legs.leg(campaign)):
            legs.until(lambda: legs.sends == 10)
            is_back.set()

    assert endings[0].end is End.FINISHED
    assert legs.states(campaign) == {"accepted": 10}
    assert (legs.sends, legs.backend.accepted_twice()) == (10, {})


def test_a_leg_that_is_told_to_stop_after_a_commit_that_broke_leaves_nobody_unknown(legs: LegHouse) -> None:
    """The commit stands, and nothing of what it began has left."""

    class Broken(Ledger):
        def write(self, work: Callable[[Tx], Result]) -> Result:
            result = super().write(work)
            if isinstance(result, Turn) and result.begun:
                leg.stop()
                raise LedgerUnavailable("the connection broke in the commit")
            return result

    campaign, sound = legs.campaign(people=10), legs.house.ledger
    legs.house.ledger = Broken(sound.engine, sound.identity, sound.clock)
    leg = legs.leg(campaign)
    legs.house.ledger = sound

    with legs.running(leg) as endings:
        pass

    assert endings[0].halt.reason is Reason.TOLD
    assert (legs.sends, legs.states(campaign)) == (0, {"planned": 10})


def test_a_ledger_that_was_taken_over_is_gone_on_with_under_another_lease(legs: LegHouse) -> None:
    campaign = legs.campaign(people=150)

    with legs.running(legs.leg(campaign, rate_per_second=50)) as endings:
        legs.until(lambda: legs.sends > 20)
        legs.clock.seconds += LEASE_SECONDS + 1
        other = legs.house.runner(campaign)
        other.turn(claim=1)
        other.end()

    assert endings[0].end is End.FINISHED
    assert legs.states(campaign) == {"accepted": 150}
    assert legs.sends == 150


def test_a_fault_of_ours_is_raised_and_what_had_left_is_on_record(legs: LegHouse) -> None:
    def broken(claimed: Claimed) -> Message:
        if claimed.number == number(60):
            raise ZeroDivisionError
        return compose(claimed)

    campaign = legs.campaign(people=100)

    with pytest.raises(ZeroDivisionError):
        legs.leg(campaign, compose=broken, rate_per_second=20).run()

    states = legs.states(campaign)
    assert states.get("accepted", 0) + states.get("unknown", 0) == legs.sends  # one may have been under way
    assert set(states) <= {"accepted", "unknown", "planned"}


def test_a_key_that_no_header_can_carry_is_found_before_anybody_is_claimed(legs: LegHouse) -> None:
    campaign = legs.campaign(people=25)

    with pytest.raises(InvalidSettings, match="must hold the API key"):
        legs.leg(campaign, api_version="v1", password=Secret("not a key\n")).run()

    assert legs.states(campaign) == {"planned": 25}


def test_a_fault_of_ours_in_a_probe_is_raised(legs: LegHouse) -> None:
    class Broken(Ledger):
        def write(self, work: Callable[[Tx], Result]) -> Result:
            raise ZeroDivisionError

    sound, settings = legs.house.ledger, legs.settings()
    breaker, timetable = Breaker([0.0]), Timetable(20, time.monotonic)
    for _ in range(SILENCES_IN_A_ROW):
        breaker.heard(silent=True)

    async def probe() -> None:
        desk = Desk(Broken(sound.engine, sound.identity, sound.clock), 1, settings, compose, "test")
        prober = Prober(breaker, Post(settings, 1, timetable), desk, timetable)
        with closing(desk):
            while True:
                prober.probe_if_open(is_flying=False)
                await asyncio.sleep(0.01)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(asyncio.wait_for(probe(), 10))


def test_what_the_api_cannot_say_is_refused_here_and_tells_nothing_of_the_gateway(legs: LegHouse) -> None:
    campaign = legs.campaign(people=25)

    def with_a_sender(claimed: Claimed) -> Message:
        return replace(compose(claimed), options=Options(sender="628110000000"))

    ending = legs.leg(campaign, compose=with_a_sender, api_version="v3").run()

    assert ending.end is End.FINISHED
    assert legs.states(campaign) == {"refused": 25}
    assert "need API v1.0" in legs.house.row(1).reason
    assert legs.backend.books.received == 0


@pytest.fixture
def server() -> Iterator[Postgres]:
    with postgres_or_skip(durable=True) as server:
        yield server


@pytest.mark.parametrize(("crash", "api"), [(False, "v3"), (True, "v1")], ids=["stopped", "crashed"])
def test_a_postgresql_that_restarts_in_the_middle_is_waited_for(server: Postgres, crash: bool, api: str) -> None:
    clock, backend = Ahead(), Backend(Account(balance=1_000))
    backend.rules.latency_seconds["send"] = 0.1
    with serve(backend) as gateway, open_ledger(server.new_place(), create=True, clock=clock) as ledger:
        legs = LegHouse(House(ledger, clock), clock, backend, gateway, api)
        campaign = legs.campaign(people=150)
        with legs.running(legs.leg(campaign, rate_per_second=50)) as endings:
            legs.until(lambda: legs.sends > 30)
            server.restart(crash=crash)
            restarted = time.monotonic()
        took = time.monotonic() - restarted

        assert endings[0].end is End.FINISHED
        assert legs.states(campaign) == {"accepted": 150}
        assert (legs.sends, legs.backend.accepted_twice()) == (150, {})
        assert took < 20


def run_with(legs: LegHouse, campaign: Campaign, meanwhile: Callable[[], Any]) -> Ending:
    """Run a leg; between its last look, when nobody is left, and its count of all rows something happens."""
    has_happened = threading.Event()

    class Slow(Ledger):
        def read(self, work: Callable[[Tx], Result]) -> Result:
            result = super().read(work)
            is_last = isinstance(result, Outlook) and not result.progress.equation.open
            if is_last and not has_happened.is_set():
                has_happened.set()
                meanwhile()
            return result

    sound = legs.house.ledger
    slow = replace(legs.house, ledger=Slow(sound.engine, sound.identity, sound.clock))
    with legs.running(replace(legs, house=slow).leg(campaign)) as endings:
        pass
    return endings[0]


def test_a_list_that_is_complete_just_after_the_last_look_is_sent_to_as_well(legs: LegHouse) -> None:
    campaign = legs.campaign(people=5)

    ending = run_with(legs, campaign, lambda: legs.house.plan(campaign, range(6, 9), "run 2"))

    assert (ending.end, ending.equation.accepted, legs.sends) == (End.FINISHED, 8, 8)


def test_tallies_that_do_not_know_of_somebody_are_not_looked_at_for_ever(legs: LegHouse) -> None:
    campaign = legs.campaign(people=5)
    untallied = sa.update(recipients).where(recipients.c.number == number(1)).values(sending=Sending.PLANNED)

    ending = run_with(legs, campaign, lambda: legs.house.ledger.write(lambda tx: tx.run(untallied)))

    assert (ending.end, ending.equation.accepted, ending.equation.open) == (End.FINISHED, 4, 1)


def test_told_to_stop_while_the_ledger_is_away_it_gives_up(legs: LegHouse) -> None:
    class Gone(Ledger):
        def write(self, work: Callable[[Tx], Result]) -> Result:
            if legs.sends > 10:
                raise LedgerUnavailable("the server is away")
            return super().write(work)

    campaign = legs.campaign(people=100)
    sound = legs.house.ledger
    legs.house = replace(legs.house, ledger=Gone(sound.engine, sound.identity, sound.clock))
    leg = legs.leg(campaign, rate_per_second=50)
    failures: list[Exception] = []

    def run() -> None:
        try:
            leg.run()
        except LedgerUnavailable as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    legs.until(lambda: legs.sends > 10)
    told = time.monotonic()
    leg.stop()
    thread.join(10)

    assert len(failures) == 1
    assert time.monotonic() - told < 3.5
