"""The late answer to an earlier try says nothing of the latest one, unless it was accepted."""

from __future__ import annotations

import pytest
from ledger_house import TOTAL_SECONDS, House, accepted, answered

from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.acts import Again, retry
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.delivery import undelivered
from airflow_provider_nusawa.ledger.leases import GRACE_SECONDS, LEASE_SECONDS
from airflow_provider_nusawa.ledger.outcomes import Try
from airflow_provider_nusawa.ledger.work import Runner

NOES = [Outcome.REFUSED, Outcome.NOT_TRIED]


def two_tries(house: House) -> tuple[Campaign, Runner, dict[int, Try], dict[int, Try]]:
    """Return a runner whose request is under way for somebody whose first is unknown; and both tries."""
    campaign = house.campaign(people=1)
    runner, first = house.begun(campaign)
    runner.turn(answered(first, Outcome.UNKNOWN))
    house.clock.now += LEASE_SECONDS + TOTAL_SECONDS + GRACE_SECONDS
    house.ledger.write(lambda tx: retry(tx, campaign.id, Again.UNKNOWN, who="ani", reason="asked for"))
    runner, second = house.begun(campaign)
    return campaign, runner, first, second


@pytest.mark.parametrize("outcome", [*NOES, Outcome.UNKNOWN])
def test_it_ends_nothing_that_is_under_way(house: House, outcome: Outcome) -> None:
    campaign, runner, first, second = two_tries(house)

    runner.turn(answered(first, outcome))

    assert house.states(campaign) == {1: "sending"}
    runner.turn(accepted(second))
    assert house.states(campaign) == {1: "accepted"}


@pytest.mark.parametrize("again_after", [None, 5.0], ids=["for good", "for now"])
@pytest.mark.parametrize("outcome", NOES)
def test_it_makes_nothing_known_of_what_is_unknown(house: House, outcome: Outcome, again_after: float | None) -> None:
    campaign, runner, first, second = two_tries(house)
    runner.turn(answered(second, Outcome.UNKNOWN))

    runner.turn(answered(first, outcome, again_after=again_after))

    assert house.states(campaign) == {1: "unknown"}


def test_a_refusal_of_it_is_noted(house: House) -> None:
    _, runner, first, _ = two_tries(house)

    runner.turn(answered(first, Outcome.REFUSED, code=-13))

    assert house.history() == ["sending", "unknown", "planned", "sending", "refused"]
    assert house.row().code is None


@pytest.mark.parametrize("ends", [True, False], ids=["stopped", "dead"])
def test_who_was_accepted_by_it_is_not_unknown_once_the_runner_is_gone(house: House, ends: bool) -> None:
    campaign, runner, first, _ = two_tries(house)
    runner.turn(accepted(first, "late"))

    if ends:
        runner.end()
    else:
        house.clock.now += LEASE_SECONDS
        house.runner(campaign).turn(claim=1)

    assert house.states(campaign) == {1: "accepted"}
    assert house.row().message_id.startswith("late")
    assert house.progress(campaign).equation == house.equation(campaign)


def test_it_is_asked_after_in_the_words_of_its_own_api(house: House) -> None:
    campaign = house.campaign(people=1)
    runner, first = house.begun(campaign)
    runner.end()
    house.clock.now += LEASE_SECONDS + TOTAL_SECONDS + GRACE_SECONDS
    house.ledger.write(lambda tx: retry(tx, campaign.id, Again.UNKNOWN, who="ani", reason="asked for"))
    runner, _ = house.begun(campaign)
    runner.turn(accepted(first))

    runner.end()

    found = house.ledger.write(
        lambda tx: undelivered(tx, campaign.id, 9, asked_before=house.clock.now, api="v3", account="a")
    )
    assert [one.message_id for one in found] == [house.row().message_id]


@pytest.mark.parametrize("outcome", [*NOES, Outcome.UNKNOWN])
@pytest.mark.parametrize("is_over", [False, True], ids=["under way", "unknown"])
def test_a_begin_that_failed_ends_nothing_that_another_has_begun(house: House, outcome: Outcome, is_over: bool) -> None:
    """Its number is that of the next begin, since nothing of it stands: only the lease tells them apart."""
    campaign = house.campaign(people=1)
    gone = house.runner(campaign)
    (claimed,) = gone.turn(claim=1).claimed
    house.clock.now += LEASE_SECONDS
    runner, begun = house.begun(campaign)
    if is_over:
        runner.turn(answered(begun, Outcome.UNKNOWN))

    house.runner(campaign).turn(answered({claimed.id: Try(1, gone.lease)}, outcome))

    assert list(begun.values()) == [Try(1, runner.lease)]
    assert house.states(campaign) == {1: "unknown" if is_over else "sending"}
