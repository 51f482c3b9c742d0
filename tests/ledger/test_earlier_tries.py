"""The late answer to an earlier try says nothing of the latest one, unless it was accepted."""

from __future__ import annotations

import pytest
from ledger_house import TOTAL_SECONDS, House, accepted, answered

from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.acts import Again, retry
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.leases import GRACE_SECONDS, LEASE_SECONDS
from airflow_provider_nusawa.ledger.work import Runner

NOES = [Outcome.REFUSED, Outcome.NOT_TRIED]
FIRST = 1


def second_try(house: House) -> tuple[Campaign, Runner, dict[int, int]]:
    """Return a runner whose request is under way for somebody whose first is unknown."""
    campaign = house.campaign(people=1)
    runner, begun = house.begun(campaign)
    runner.turn(answered(begun, Outcome.UNKNOWN))
    house.clock.now += LEASE_SECONDS + TOTAL_SECONDS + GRACE_SECONDS
    house.ledger.write(lambda tx: retry(tx, campaign.id, Again.UNKNOWN, who="ani", reason="asked for"))
    return campaign, *house.begun(campaign)


@pytest.mark.parametrize("outcome", [*NOES, Outcome.UNKNOWN])
def test_it_ends_nothing_that_is_under_way(house: House, outcome: Outcome) -> None:
    campaign, runner, second = second_try(house)

    runner.turn(answered(dict.fromkeys(second, FIRST), outcome))

    assert house.states(campaign) == {1: "sending"}
    runner.turn(accepted(second))
    assert house.states(campaign) == {1: "accepted"}


@pytest.mark.parametrize("again_after", [None, 5.0], ids=["for good", "for now"])
@pytest.mark.parametrize("outcome", NOES)
def test_it_makes_nothing_known_of_what_is_unknown(house: House, outcome: Outcome, again_after: float | None) -> None:
    campaign, runner, second = second_try(house)
    runner.turn(answered(second, Outcome.UNKNOWN))

    runner.turn(answered(dict.fromkeys(second, FIRST), outcome, again_after=again_after))

    assert house.states(campaign) == {1: "unknown"}


def test_a_refusal_of_it_is_noted(house: House) -> None:
    _, runner, second = second_try(house)

    runner.turn(answered(dict.fromkeys(second, FIRST), Outcome.REFUSED, code=-13))

    assert house.history() == ["sending", "unknown", "planned", "sending", "refused"]
    assert house.row().code is None
