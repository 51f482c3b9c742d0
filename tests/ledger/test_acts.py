"""What people decide, and when they may."""

from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa
from ledger_house import TOTAL_SECONDS, House, accepted, answered

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Outcome
from airflow_provider_nusawa.ledger.acts import Again, resolve, retry
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.delivery import apply_reports
from airflow_provider_nusawa.ledger.errors import TooEarly
from airflow_provider_nusawa.ledger.leases import GRACE_SECONDS, LEASE_SECONDS
from airflow_provider_nusawa.ledger.outcomes import Try
from airflow_provider_nusawa.ledger.schema_shared import acts
from airflow_provider_nusawa.ledger.tx import Tx

QUIET_SECONDS = LEASE_SECONDS + TOTAL_SECONDS + GRACE_SECONDS


def again(house: House, campaign: Campaign, which: Again) -> int:
    return house.ledger.write(lambda tx: retry(tx, campaign.id, which, who="ani", reason="asked for"))


def sent(house: House, outcome: Outcome) -> Campaign:
    campaign = house.campaign(people=1)
    runner, begun = house.begun(campaign)
    runner.turn(accepted(begun) if outcome is Outcome.ACCEPTED else answered(begun, outcome, code=-3))
    return campaign


def test_a_refused_one_may_be_sent_again_at_once(house: House) -> None:
    campaign = sent(house, Outcome.REFUSED)

    assert again(house, campaign, Again.REFUSED) == 1
    assert house.states(campaign) == {1: "planned"}


def test_an_unknown_one_only_after_its_request_is_surely_over(house: House) -> None:
    campaign = sent(house, Outcome.UNKNOWN)
    house.clock.now += QUIET_SECONDS - 1

    with pytest.raises(TooEarly) as caught:
        again(house, campaign, Again.UNKNOWN)

    assert caught.value.wait_seconds == 1
    house.clock.now += 1
    assert again(house, campaign, Again.UNKNOWN) == 1


def test_an_accepted_one_only_if_the_gateway_gave_up_on_it(house: House) -> None:
    campaign = sent(house, Outcome.ACCEPTED)
    house.clock.now += QUIET_SECONDS

    assert again(house, campaign, Again.FAILED) == 0
    report = DeliveryReport(house.row().message_id, DeliveryStatus.FAILED, err_code="7")
    house.ledger.write(lambda tx: apply_reports(tx, [report]))
    assert again(house, campaign, Again.FAILED) == 1
    assert house.history() == ["sending", "accepted", "failed", "planned"]


def test_what_one_person_is_just_deciding_another_does_not_send_again(house: House) -> None:
    campaign = sent(house, Outcome.UNKNOWN)
    house.clock.now += QUIET_SECONDS
    decided = threading.Event()

    def resolve_slowly(tx: Tx) -> None:
        resolve(tx, {house.row().id: (Outcome.ACCEPTED, "m1")}, who="budi", reason="has it")
        decided.set()
        time.sleep(0.3)  # the commit is still to come

    deciding = threading.Thread(target=house.ledger.write, args=(resolve_slowly,))
    deciding.start()
    decided.wait(10)

    assert again(house, campaign, Again.UNKNOWN) == 0
    deciding.join()
    assert house.states(campaign) == {1: "accepted"}


def test_a_second_try_has_a_number_of_its_own(house: House) -> None:
    campaign = sent(house, Outcome.REFUSED)
    again(house, campaign, Again.REFUSED)

    runner, begun = house.begun(campaign)

    assert list(begun.values()) == [Try(2, runner.lease)]


def test_an_act_is_recorded_with_who_and_why(house: House) -> None:
    again(house, sent(house, Outcome.REFUSED), Again.REFUSED)

    (act,) = house.ledger.read(lambda tx: tx.run(sa.select(acts)).all())

    assert (act.who, act.reason, act.rows) == ("ani", "asked for", 1)
    assert act.what == "retry refused of campaign 1"


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.REFUSED])
def test_an_unknown_one_is_resolved_by_a_person(house: House, outcome: Outcome) -> None:
    campaign = sent(house, Outcome.UNKNOWN)
    house.clock.now += QUIET_SECONDS
    decisions = {house.row().id: (outcome, "m1" if outcome is Outcome.ACCEPTED else "")}

    assert house.ledger.write(lambda tx: resolve(tx, decisions, who="ani", reason="seen in the web app")) == 1

    assert house.states(campaign) == {1: outcome.value}


def test_only_unknown_ones_are_resolved(house: House) -> None:
    campaign = sent(house, Outcome.ACCEPTED)
    decisions = {house.row().id: (Outcome.REFUSED, "")}

    assert house.ledger.write(lambda tx: resolve(tx, decisions, who="ani", reason="error")) == 0
    assert house.states(campaign) == {1: "accepted"}


def test_late_acceptance_of_a_first_try_outlives_a_second_that_failed(house: House) -> None:
    campaign = sent(house, Outcome.UNKNOWN)
    first = {house.row().id: Try(1, house.row().lease)}
    house.clock.now += QUIET_SECONDS
    again(house, campaign, Again.UNKNOWN)
    runner, second = house.begun(campaign)

    runner.turn(accepted(first, "late"))
    runner.turn(answered(second, Outcome.UNKNOWN))

    assert house.states(campaign) == {1: "accepted"}
    assert house.row().message_id.startswith("late")


def test_late_acceptance_keeps_what_a_person_had_planned_again_from_being_sent(house: House) -> None:
    campaign = sent(house, Outcome.UNKNOWN)
    house.clock.now += QUIET_SECONDS
    again(house, campaign, Again.UNKNOWN)
    first = {house.row().id: Try(1, house.row().lease)}
    runner = house.runner(campaign)
    runner.turn(claim=1)

    turn = runner.turn(accepted(first), begin=list(first))

    assert turn.begun == {}
    assert house.states(campaign) == {1: "accepted"}
