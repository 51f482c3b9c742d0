"""What a leg is told goes on record, and is told on once it is there: each once, and none is lost."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import sqlalchemy as sa
from ledger_house import number
from leg_house import LegHouse, compose

from airflow_provider_nusawa.campaign.clerk import Clerk
from airflow_provider_nusawa.campaign.runner import Leg
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.campaign.timetable import Timetable
from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.people import suppressed


def test_each_outcome_is_told_once(legs: LegHouse) -> None:
    campaign, told = legs.campaign(people=12), Counter[Outcome]()
    legs.backend.fail_next("drop_after")
    legs.backend.fail_next(-13)

    Leg(legs.house.ledger, campaign.id, legs.settings(), compose, bar=False, on_recorded=told.update).run()

    assert told == {Outcome.ACCEPTED: 10, Outcome.UNKNOWN: 1, Outcome.REFUSED: 1}
    assert told == {Outcome(state): number for state, number in legs.states(campaign).items()}


def test_a_no_that_is_told_while_another_goes_on_record_is_not_lost(legs: LegHouse) -> None:
    sender, desk, ledger = legs.sender(), legs.desk(legs.campaign(people=2)), legs.house.ledger
    clerk = Clerk(desk, sender, Timetable(1.0, time.monotonic), Terms(), "UTC")
    sender.opted_out.append(number(1))
    sa.event.listen(ledger.engine, "commit", lambda _: sender.opted_out.append(number(2)), once=True)

    async def tick_twice() -> None:
        await clerk.tick(None)
        await clerk.tick(None)

    asyncio.run(tick_twice())
    desk.close()

    assert ledger.read(lambda tx: suppressed(tx, [number(1), number(2)])) == {number(1), number(2)}
    assert sender.opted_out == []
