"""What a runner holds: no more than it asked for, and only as long as its lease, looked at as requests begin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from ledger_house import START, Clock, House, frozen_after, number

from airflow_provider_nusawa.ledger.errors import LeaseLost
from airflow_provider_nusawa.ledger.leases import LEASE_SECONDS
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


def test_a_lease_that_was_ended_stays_ended_where_the_clock_is_set_back(house: House) -> None:
    runner = house.runner(house.campaign(people=1))
    runner.end()
    house.clock.now -= 20

    with pytest.raises(LeaseLost):
        runner.turn(claim=1)


def test_no_more_is_claimed_than_asked_for_of_however_many_lists(house: House) -> None:
    campaign = house.campaign(people=[1])
    house.plan(campaign, [2, 3], "run 2")

    assert [one.number for one in house.runner(campaign).turn(claim=2).claimed] == [number(1), number(2)]
