"""Legs beside each other: one campaign by two runners, and a gentle one that shares its account with a fast one."""

from __future__ import annotations

import time

from leg_house import LegHouse

from airflow_provider_nusawa.campaign.ending import End
from airflow_provider_nusawa.campaign.terms import Terms


def test_a_gentle_campaign_leaves_the_accounts_rate_to_others(legs: LegHouse) -> None:
    """Where each of its requests takes as much of the account's time as its own rate says, the other needs 30 s."""
    gentle = legs.leg(legs.campaign(people=30, name="gentle"), Terms(rate_per_second=0.2), rate_per_second=50)
    fast = legs.leg(legs.campaign(people=150, name="fast"), rate_per_second=50)

    with legs.running(gentle):
        legs.until(lambda: legs.sends)
        started = time.monotonic()
        ending = fast.run()
        took = time.monotonic() - started
        gentle.stop()

    assert ending.equation.accepted == 150
    assert took < 15


def test_two_legs_at_once_send_to_nobody_twice_and_share_the_rate(legs: LegHouse) -> None:
    campaign = legs.campaign(people=120)
    one, other = (legs.leg(campaign, rate_per_second=60) for _ in range(2))

    with legs.running(one) as endings, legs.running(other) as others:
        pass

    assert [ending.end for ending in (*endings, *others)] == [End.FINISHED] * 2
    assert (legs.sends, legs.backend.accepted_twice()) == (120, {})
    assert (
        legs.backend.books.busiest_second("send") <= 70
    )  # each may be a tenth of a second late, and seen a little later
