"""Runners killed at seeded moments while 5,000 people are sent to, by a gateway that has its own bad moments.

They take turns in the dialects: a campaign may be switched from one to the other while it is sent.
"""

from __future__ import annotations

import random
import time

import pytest
from ledger_house import number
from leg_house import LegHouse
from leg_process import start
from promise import check_books, check_states
from seeds import PER_CAMPAIGN, api_of, campaigns

from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.leases import LEASE_SECONDS

PEOPLE = 5000
RATE = 500.0
NOES: list[str | int] = [-13, -23, -99, 429]
DOUBTS: list[str | int] = ["drop_before", "drop_after", "reset_after", 503]


@pytest.mark.parametrize("seeds", campaigns())
def test_kills_amid_five_thousand_message_nobody_twice(legs: LegHouse, url: str, seeds: range) -> None:
    legs.backend.rules.latency_seconds["send"] = 0.05
    campaign = legs.campaign(people=PEOPLE)
    doubtful = sum(kill(legs, url, campaign, random.Random(seed), api_of(seed)) for seed in seeds)

    said, _ = start(legs, url, campaign, RATE).communicate(timeout=120)

    states = {number(line): state for line, state in legs.house.states(campaign).items()}
    assert (said, len(states)) == ("finished\n", PEOPLE)
    check_books(legs.backend)
    check_states(legs.backend, states, legs.house.equation(campaign))
    assert list(states.values()).count("unknown") <= doubtful


def kill(legs: LegHouse, url: str, campaign: Campaign, dice: random.Random, api: str) -> int:
    """Kill a runner amid its share of the work; return how many it or the gateway may have made unknown."""
    process = start(legs, url, campaign, RATE, api)
    moment = legs.sends + dice.randrange(20, PEOPLE // (PER_CAMPAIGN + 2))
    legs.backend.fail_next(dice.choice(NOES))
    doubts = [legs.backend.fail_next(what, dice.randint(1, 3)) for what in dice.sample(DOUBTS, 2)]
    legs.until(lambda: legs.sends > moment, 60)
    time.sleep(dice.uniform(0, 0.2))
    assert process.poll() is None, "it ended before it could be killed"
    process.kill()
    process.wait(10)
    legs.clock.seconds += LEASE_SECONDS + 1
    return sum(one.fired for one in doubts) + legs.states(campaign).get("sending", 0)
