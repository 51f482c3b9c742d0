"""What a runner holds: nobody else gives it back, and the lease is asked for where each request begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from ledger_house import START, Clock, House

from airflow_provider_nusawa.ledger.errors import LeaseLost
from airflow_provider_nusawa.ledger.leases import LEASE_SECONDS
from airflow_provider_nusawa.ledger.limits import Limits
from airflow_provider_nusawa.ledger.store import open_ledger


class Passing(Clock):
    """A clock whose time passes within a transaction too, as a database's does."""

    def __call__(self) -> Any:
        return sa.bindparam(None, callable_=lambda: self.now, type_=sa.Float(53))


@pytest.fixture
def passing(url: str) -> Iterator[House]:
    clock = Passing()
    with open_ledger(url, create=True, clock=clock) as opened:
        yield House(opened, clock)


@contextmanager
def frozen_after(house: House, words: str) -> Iterator[None]:
    """Let a lease's time pass each time a statement that begins like that has run."""

    def freeze(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith(words):
            house.clock.now += LEASE_SECONDS

    sa.event.listen(house.ledger.engine, "after_cursor_execute", freeze)
    yield
    sa.event.remove(house.ledger.engine, "after_cursor_execute", freeze)


def test_a_lease_that_runs_out_amid_a_turn_lets_nothing_begin(passing: House) -> None:
    """Renewed, and then frozen, or waiting for a lock, before the requests are put on record."""
    campaign = passing.campaign(people=2)
    runner = passing.runner(campaign)
    claimed = runner.turn(claim=2).claimed

    with frozen_after(passing, "UPDATE nusawa_leases"), pytest.raises(LeaseLost):
        runner.turn(begin=[one.id for one in claimed])

    assert passing.clock.now == START + LEASE_SECONDS
    assert passing.states(campaign) == {1: "claimed", 2: "claimed"}
    assert passing.history() == []


def test_a_runner_gives_back_only_what_it_holds(house: House) -> None:
    campaign = house.campaign(people=1)
    holder, other = house.runner(campaign), house.runner(campaign)
    (claimed,) = holder.turn(claim=1).claimed

    other.release([claimed.id])

    assert house.states(campaign) == {1: "claimed"}
    assert list(holder.turn(begin=[claimed.id]).begun) == [claimed.id]


def test_what_was_claimed_anew_by_another_is_not_the_first_ones_to_give_back(house: House) -> None:
    campaign = house.campaign(people=1)
    dead = house.runner(campaign)
    dead.turn(claim=1)
    house.clock.now += LEASE_SECONDS
    (claimed,) = house.runner(campaign).turn(claim=1).claimed

    dead.release([claimed.id])

    assert house.states(campaign) == {1: "claimed"}


def test_a_day_that_is_full_says_nothing_of_the_next(house: House) -> None:
    campaign = house.campaign(people=2)
    runner = house.runner(campaign)
    first, second = runner.turn(claim=2).claimed
    runner.turn(begin=[first.id], limits=Limits(day="2027-01-15", max_per_day=1))

    turn = runner.turn(begin=[second.id], limits=Limits(day="2027-01-16", max_per_day=1))

    assert (list(turn.begun), turn.held) == ([second.id], [])


def test_nothing_begins_before_the_window_opens(house: House) -> None:
    runner = house.runner(house.campaign(people=1))
    (claimed,) = runner.turn(claim=1).claimed
    early = Limits(opens_at=house.clock.now + 1, closes_at=house.clock.now + 100)

    turn = runner.turn(begin=[claimed.id], limits=early)

    assert (turn.begun, turn.held) == ({}, [claimed.id])


def test_an_unknown_message_counts_against_a_persons_limit(house: House) -> None:
    """Perhaps it arrived."""
    first, _ = house.begun(house.campaign("one", 1))
    first.end()
    campaign = house.campaign("two", 1)
    runner = house.runner(campaign)
    limits = Limits(max_per_person=1, person_seconds=86_400)

    runner.turn(begin=[one.id for one in runner.turn(claim=1).claimed], limits=limits)

    assert house.states(campaign) == {1: "excluded"}
