"""Limits of a day, a person and a window, also where two begin at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa
from ledger_house import House

from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.limits import Limits

A_DAY = 86_400.0


@contextmanager
def meeting_after(house: House, word: str) -> Iterator[None]:
    """Let two that ask for the same wait until the other has asked too; or half a second, where the other may not."""
    both = threading.Barrier(2, timeout=0.5)

    def wait(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("SELECT") and word in statement:
            with suppress(threading.BrokenBarrierError):
                both.wait()

    sa.event.listen(house.ledger.engine, "after_cursor_execute", wait)
    yield
    sa.event.remove(house.ledger.engine, "after_cursor_execute", wait)


def beginner(house: House, campaign: Campaign, limits: Limits) -> Callable[[], int]:
    runner = house.runner(campaign)
    (claimed,) = runner.turn(claim=1).claimed
    return lambda: len(runner.turn(begin=[claimed.id], limits=limits).begun)


@pytest.mark.parametrize(
    ("limits", "asked", "people"),
    [
        (Limits(day="2027-01-15", max_per_day=1), "sum(nusawa_postings.n)", {"one": [1, 2]}),
        (Limits(max_per_person=1, person_seconds=A_DAY), "posted_at >", {"one": [1], "two": [1]}),
    ],
    ids=["a day's", "a person's"],
)
def test_two_that_begin_at_once_keep_it(house: House, limits: Limits, asked: str, people: dict[str, list[int]]) -> None:
    campaigns = [house.campaign(name, places) for name, places in people.items()]
    begin = [beginner(house, campaign, limits) for campaign in (campaigns * 2)[:2]]

    with meeting_after(house, asked), ThreadPoolExecutor(2) as threads:
        begun = list(threads.map(lambda work: work(), begin))

    assert sorted(begun) == [0, 1]


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
    limits = Limits(max_per_person=1, person_seconds=A_DAY)

    runner.turn(begin=[one.id for one in runner.turn(claim=1).claimed], limits=limits)

    assert house.states(campaign) == {1: "excluded"}
