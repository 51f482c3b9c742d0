"""A runner frozen amid a transaction keeps rows locked: the others pass by, and come back later."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from ledger_house import House, number

from airflow_provider_nusawa.ledger.leases import LEASE_SECONDS
from airflow_provider_nusawa.ledger.schema import leases, recipients
from airflow_provider_nusawa.ledger.tx import Tx
from airflow_provider_nusawa.ledger.work import Runner

SECONDS = 3.0
"""So long the frozen one stays at most: whoever waits for it fails the test, and does not hang."""


@pytest.fixture(autouse=True)
def _only_where_rows_are_locked(house: House) -> None:
    if not house.ledger.is_postgresql:
        pytest.skip("SQLite lets one writer in at a time, and locks no rows")


@contextmanager
def frozen(house: House, table: sa.Table, key: int) -> Iterator[None]:
    """Keep a row locked, as somebody does who was frozen before the commit."""
    has_locked, may_end = threading.Event(), threading.Event()

    def stay(tx: Tx) -> None:
        tx.run(sa.select(table.c.id).where(table.c.id == key).with_for_update())
        has_locked.set()
        may_end.wait(SECONDS)

    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(house.ledger.write, stay)
        assert has_locked.wait(SECONDS)
        yield
        may_end.set()
        ended.result()


def claims(runner: Runner) -> list[str]:
    return [one.number for one in runner.turn(claim=9).claimed]


def dead_with(house: House, campaign: Any, most: int) -> tuple[Runner, int]:
    """Return a runner not heard of any more, and the first that it holds."""
    dead = house.runner(campaign)
    first = dead.turn(claim=most).claimed[0].id
    house.clock.now += LEASE_SECONDS
    return dead, first


def test_claims_pass_by_what_is_locked(house: House) -> None:
    campaign = house.campaign(people=2)
    runner = house.runner(campaign)

    with frozen(house, recipients, house.row(1).id):
        assert claims(runner) == [number(2)]

    assert claims(runner) == [number(1)]


def test_what_is_locked_of_a_dead_runners_is_put_in_order_at_a_later_look(house: House) -> None:
    campaign = house.campaign(people=2)
    _, first = dead_with(house, campaign, 2)
    runner = house.runner(campaign)

    with frozen(house, recipients, first):
        assert claims(runner) == [number(2)]

    assert claims(runner) == [number(1)]


def test_a_lease_that_is_locked_is_left_to_a_later_look(house: House) -> None:
    campaign = house.campaign(people=2)
    dead, _ = dead_with(house, campaign, 1)
    runner = house.runner(campaign)

    with frozen(house, leases, dead.lease):
        assert claims(runner) == [number(2)]

    assert claims(runner) == [number(1)]
