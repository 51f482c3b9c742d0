"""What has begun may leave for two seconds from before its record; then it is given back, and nothing left."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from ledger_house import number
from leg_house import LegHouse

from airflow_provider_nusawa.campaign.clerk import Clerk
from airflow_provider_nusawa.campaign.desk import INTENT_SECONDS, Desk, Handed
from airflow_provider_nusawa.campaign.letters import Letter, Posting
from airflow_provider_nusawa.campaign.sender import Sender
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.campaign.timetable import Timetable
from airflow_provider_nusawa.gateway.call import intent_clock
from airflow_provider_nusawa.gateway.messages import Message, Outcome
from airflow_provider_nusawa.ledger.limits import NO_LIMITS
from airflow_provider_nusawa.ledger.outcomes import Try
from airflow_provider_nusawa.ledger.work import Claimed


def posting(place: int, leave_before: float) -> Posting:
    claimed = Claimed(place, 1, number(place), {}, 0, 0)
    return Posting(Letter(claimed, Message(claimed.number, "Halo")), Try(1, 1), leave_before)


async def begin_all(desk: Desk) -> Handed:
    await desk.take_lease()
    claimed = (await desk.turn([], [], 9, NO_LIMITS)).claimed
    return await desk.turn([], await desk.write(claimed), 0, NO_LIMITS)


def test_a_long_commit_leaves_less_time_to_leave(legs: LegHouse) -> None:
    """Whoever is frozen in the commit itself finds the time used up: it runs from before the commit."""
    desk, commits = legs.desk(legs.campaign(people=2)), [0.0]
    sa.event.listen(legs.house.ledger.engine, "commit", lambda _: commits.append(intent_clock()))

    started = intent_clock()
    handed = asyncio.run(begin_all(desk))
    desk.close()

    assert len(handed.postings) == 2
    assert all(started < one.leave_before - INTENT_SECONDS <= commits[-1] for one in handed.postings)
    assert INTENT_SECONDS == 2.0


def test_only_what_is_too_late_is_given_back(legs: LegHouse) -> None:
    sender = legs.sender()
    sender.add([posting(1, intent_clock()), posting(2, math.inf)])

    sender.give_back(only_late=True)

    assert [(answer.id, answer.outcome) for answer in sender.answers] == [(1, Outcome.NOT_TRIED)]
    assert sender.waiting == 1


def test_what_has_begun_is_given_back_once_the_machine_was_suspended(
    legs: LegHouse, suspend: Callable[[float], None]
) -> None:
    sender, desk = legs.sender(), legs.desk(legs.campaign(people=2))
    sender.add(asyncio.run(begin_all(desk)).postings)
    desk.close()

    suspend(INTENT_SECONDS)
    sender.give_back(only_late=True)

    assert (sender.waiting, len(sender.answers)) == (0, 2)


def test_a_turn_gives_back_what_is_too_late_without_waiting_for_its_moment(legs: LegHouse) -> None:
    campaign = legs.campaign(people=2)
    sender, desk, told = legs.sender(), legs.desk(campaign), list[Outcome]()
    clerk = Clerk(desk, sender, Timetable(1.0, time.monotonic), Terms(), "UTC", on_recorded=told.extend)

    async def tick_late() -> None:
        handed = await begin_all(desk)
        sender.add(Posting(one.letter, one.tried, intent_clock()) for one in handed.postings)
        await clerk.tick(None)

    asyncio.run(tick_late())
    desk.close()

    assert told == [Outcome.NOT_TRIED] * 2
    assert legs.states(campaign) == {"planned": 2}


@pytest.mark.parametrize("seconds", [-1.0, 0.0])
def test_what_is_too_late_at_its_moment_does_not_leave(legs: LegHouse, seconds: float) -> None:
    """The last guard, whoever forgot to give it back."""

    async def send() -> Sender:
        sender = legs.sender()
        await sender._deliver(posting(1, intent_clock() + seconds))
        return sender

    sender = asyncio.run(send())

    assert [answer.outcome for answer in sender.answers] == [Outcome.NOT_TRIED]
    assert legs.sends == 0
