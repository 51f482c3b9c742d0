"""A leg tells what came of its requests as it puts that on record: each once."""

from __future__ import annotations

from collections import Counter

from leg_house import LegHouse, compose

from airflow_provider_nusawa.campaign.runner import Leg
from airflow_provider_nusawa.gateway.messages import Outcome


def test_each_outcome_is_told_once(legs: LegHouse) -> None:
    campaign, told = legs.campaign(people=12), Counter[Outcome]()
    legs.backend.fail_next("drop_after")
    legs.backend.fail_next(-13)

    Leg(legs.house.ledger, campaign.id, legs.settings(), compose, bar=False, on_recorded=told.update).run()

    assert told == {Outcome.ACCEPTED: 10, Outcome.UNKNOWN: 1, Outcome.REFUSED: 1}
    assert told == {Outcome(state): number for state, number in legs.states(campaign).items()}
