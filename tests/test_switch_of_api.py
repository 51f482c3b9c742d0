"""A connection that changes its API in the middle: nobody is messaged twice, and an id is known to be of its API."""

from __future__ import annotations

import asyncio
import time

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException
from campaign.conftest import api, legs
from ledger.conftest import postgres, url
from leg_house import LegHouse
from sends import AISHA, BUDI, Task
from sensor_runs import IN_BOTH_MODES, delivery, run
from trigger_runs import fired

from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.triggers import NusaWaDeliveryTrigger

__all__ = ["api", "legs", "postgres", "url"]

SWITCHES = [pytest.param("v3", "v1", id="v3-to-v1"), pytest.param("v1", "v3", id="v1-to-v3")]
each_switch = pytest.mark.parametrize(("before", "after"), SWITCHES)


@each_switch
@IN_BOTH_MODES
def test_a_wait_for_messages_of_the_other_api_says_that_it_cannot(nusawa_gateway, before, after, mode):
    nusawa_gateway.use(api_version=before)
    receipt = NusaWaHook().send_message(AISHA, "Halo").to_xcom()
    nusawa_gateway.use(api_version=after)

    with pytest.raises(AirflowFailException, match=f"accepted through API {before}, .* speaks {after}"):
        run(delivery([receipt], **mode))

    assert [request.call for request in nusawa_gateway.requests] == ["send"]


@each_switch
def test_a_wait_under_way_says_why_its_looks_fail(nusawa_gateway, before, after):
    nusawa_gateway.use(api_version=before)
    message_id = NusaWaHook().send_message(AISHA, "Halo").message_id
    nusawa_gateway.use(api_version=after)
    quick = {"deadline": time.time() + 1, "first_poll_seconds": 0.1, "longest_poll_seconds": 0.2}
    trigger = NusaWaDeliveryTrigger(message_ids=[message_id], needed=1, nusawa_conn_id="nusawa_default", **quick)

    event = asyncio.run(fired(trigger))

    assert event["verdict"] == "timed_out"
    assert f"no message that was sent by {before}" in event["trouble"]


@each_switch
@pytest.mark.usefixtures("default_ledger")
def test_a_retry_through_the_other_api_sends_only_to_those_who_were_not_reached(nusawa_gateway, before, after):
    nusawa_gateway.use(api_version=before)
    nusawa_gateway.fail_next(429, times=9, retry_after=0, number=BUDI)
    task = Task(to=[AISHA, BUDI])
    task.fails(AirflowException)
    nusawa_gateway.backend.faults.all.clear()
    nusawa_gateway.use(api_version=after)

    receipts = task.run()

    assert [(receipt["api"], receipt["repeated"]) for receipt in receipts] == [(before, True), (after, False)]
    assert [message.number for message in nusawa_gateway.messages] == [AISHA, BUDI]
    with pytest.raises(AirflowFailException, match=f"accepted through API {before}, .* speaks {after}"):
        run(delivery(receipts))


@each_switch
def test_each_row_of_a_campaign_knows_the_api_that_took_it(legs: LegHouse, before: str, after: str) -> None:
    campaign = legs.campaign(people=20)
    first = legs.leg(campaign, Terms(max_per_day=8), api_version=before)
    first.run()

    legs.leg(campaign, api_version=after).run()

    apis = [message.api for message in legs.backend.books.messages.values()]
    assert (apis.count(before), apis.count(after)) == (8, 12)
    by_number = {message.number: message.api for message in legs.backend.books.messages.values()}
    rows = [legs.house.row(place) for place in range(1, 21)]
    assert [row.api for row in rows] == [by_number[row.number] for row in rows]
