"""NusaWaCampaignSensor: what it waits for, whom it asks after, and when it stops asking."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout, TaskDeferred
from campaign_tasks import number, people, tasks
from dag_runs import run

from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport
from airflow_provider_nusawa.ledger.delivery import apply_reports
from airflow_provider_nusawa.ledger.hearing import note_heard
from airflow_provider_nusawa.sensors import NusaWaCampaignSensor
from airflow_provider_nusawa.triggers import NusaWaCampaignTrigger

__all__ = ["tasks"]

FAILS, STAYS_OPEN = magic_number("51"), magic_number("53")


@pytest.fixture(autouse=True)
def _standing_clock(nusawa_gateway):
    """Nothing is delivered before a test says so."""
    nusawa_gateway.backend.clock.freeze()


@pytest.fixture
def sent(tasks):
    """A campaign that was sent to ten people."""
    tasks.execute(recipients=people(10))
    return tasks


def sensor(tasks, **arguments) -> NusaWaCampaignSensor:
    options = {"task_id": "wait", "campaign_id": "halo", "nusawa_conn_id": tasks.conn_id, "first_poll_seconds": 0.05}
    return NusaWaCampaignSensor(**{**options, **arguments})


def poke(tasks, **arguments):
    """Poke once; return the counts, or None for another poke."""
    found = sensor(tasks, **arguments).poke({"ti": tasks.ti})
    return found and found.xcom_value


def trigger(tasks, **arguments) -> NusaWaCampaignTrigger:
    values = {
        "nusawa_conn_id": tasks.conn_id,
        "campaign_id": "halo",
        "required": 1.0,
        "final": False,
        "give_up_seconds": 3600.0,
        "deadline": time.time() + 20,
        "first_poll_seconds": 0.05,
        "longest_poll_seconds": 0.2,
    }
    return NusaWaCampaignTrigger(**{**values, **arguments})


def fire(waiting: NusaWaCampaignTrigger) -> dict:
    async def events():
        return [event.payload async for event in waiting.run()]

    (event,) = asyncio.run(events())
    return event


def looks(tasks) -> int:
    return tasks.gateway.backend.books.counts["dr"]


def deliver(tasks, count: int) -> None:
    """Put reports on record, as any task does that has asked."""
    ids = [message.id for message in tasks.gateway.messages][:count]
    with tasks.ledger() as ledger:
        ledger.write(lambda tx: apply_reports(tx, [DeliveryReport(one, DeliveryStatus.DELIVERED) for one in ids]))


def hear(tasks, count: int = 0) -> None:
    """Put reports on record as the receiver of callbacks does."""
    deliver(tasks, count)
    with tasks.ledger() as ledger:
        ledger.write(note_heard)


def test_it_waits_until_all_are_delivered(sent):
    assert poke(sent) is False

    sent.gateway.advance(60)
    time.sleep(0.06)

    told = poke(sent)
    assert {name: told[name] for name in ("campaign_id", "total", "delivered", "failed")} == {
        "campaign_id": "halo",
        "total": 10,
        "delivered": 10,
        "failed": 0,
    }


def test_a_share_is_enough_where_a_share_is_required(sent):
    deliver(sent, 8)

    assert poke(sent, required=0.8, deferrable=True)["delivered"] == 8
    assert poke(sent, required=0.9, deferrable=True) is False
    assert looks(sent) == 0, "the ledger knew"


def test_only_what_is_open_is_asked_after(sent):
    deliver(sent, 7)
    time.sleep(0.06)

    poke(sent, required=0.8)

    assert looks(sent) == 3


def test_who_was_asked_after_just_now_is_not_asked_after_again(sent):
    time.sleep(0.06)
    poke(sent)
    poke(sent, first_poll_seconds=60)

    assert looks(sent) == 10


def test_it_fails_at_once_when_too_many_have_failed(tasks):
    tasks.execute(recipients=[*people(8), {"number": FAILS, "nama": "x"}])
    tasks.gateway.advance(60)
    time.sleep(0.06)

    with pytest.raises(AirflowFailException, match="8 of 9 messages delivered, 1 failed"):
        poke(tasks, required=0.9)

    assert tasks.ti.xcoms["return_value"]["failed"] == 1


def test_final_waits_for_each_and_takes_it_as_it_comes(tasks):
    tasks.execute(recipients=[*people(3), {"number": FAILS, "nama": "x"}])
    assert poke(tasks, final=True) is False

    tasks.gateway.advance(60)
    time.sleep(0.06)

    assert poke(tasks, final=True)["delivered"] == 3


def test_it_stops_asking_once_it_has_given_up(tasks):
    tasks.execute(recipients=[*people(2), {"number": STAYS_OPEN, "nama": "x"}])
    tasks.gateway.advance(60)
    time.sleep(0.06)
    poke(tasks, required=0.5)
    asked = looks(tasks)

    time.sleep(0.06)
    told = poke(tasks, final=True, give_up_after=0.05)

    assert looks(tasks) == asked
    assert (told["delivered"], told["given_up"]) == (2, True)
    with pytest.raises(AirflowFailException, match="not asked after any more"):
        poke(tasks, required=1.0, give_up_after=timedelta(seconds=0.05))


def test_only_what_was_sent_lately_is_asked_after(tasks):
    tasks.execute("one", recipients=[{"number": magic_number("53", 1), "nama": "x"}])
    time.sleep(0.1)
    between = time.time()
    time.sleep(1.5)  # more than a poke takes before it looks at the clock
    tasks.execute("two", recipients=[{"number": magic_number("53", 2), "nama": "x"}], on_new_recipients="add")
    time.sleep(0.06)

    assert poke(tasks, give_up_after=time.time() - between) is False

    asked = [request.fields for request in tasks.gateway.requests if request.call == "dr"]
    assert [tasks.gateway.messages[1].id in fields.values() for fields in asked] == [True]


def test_a_campaign_that_is_still_being_sent_is_waited_for(tasks):
    with pytest.raises(TaskDeferred):
        tasks.execute(recipients=people(4), max_per_day=2)
    tasks.gateway.advance(60)
    time.sleep(0.06)

    assert poke(tasks, required=0.5)["unsent"] == 2
    assert poke(tasks) is False
    assert poke(tasks, final=True) is False


def test_messages_of_another_dialect_are_not_asked_after(sent, caplog):
    sent.use(api_version="v1")
    sent.gateway.advance(60)

    assert poke(sent) is False

    assert looks(sent) == 0
    assert poke(sent, final=True, give_up_after=0.0)["delivered"] == 0


def test_it_defers_with_ids_and_numbers_alone(sent):
    with pytest.raises(TaskDeferred) as caught:
        sensor(sent, deferrable=True, required=0.9).execute({"ti": sent.ti})

    path, arguments = caught.value.trigger.serialize()
    assert path == "airflow_provider_nusawa.triggers.NusaWaCampaignTrigger"
    assert arguments == {
        "nusawa_conn_id": sent.conn_id,
        "campaign_id": "halo",
        "required": 0.9,
        "final": False,
        "give_up_seconds": 72 * 3600.0,
        "deadline": pytest.approx(time.time() + 96 * 3600, abs=10),
        "first_poll_seconds": 0.05,
        "longest_poll_seconds": 300.0,
    }


def test_a_sensor_in_a_dag_goes_through_the_triggerer(sent):
    sent.gateway.advance(60)
    with sent.dag() as dag:
        sensor(sent, deferrable=True)

    assert run(dag) == {"wait": "success"}
    assert sent.xcoms[0]["delivered"] == 10


def test_the_trigger_asks_until_all_are_delivered(sent):
    sent.gateway.advance(60)

    event = fire(trigger(sent))

    assert event["verdict"] == "met"
    assert event["standing"]["delivered"] == 10
    assert number(0) not in json.dumps(event)


def test_the_trigger_ends_at_its_deadline_with_what_it_knows(sent):
    event = fire(trigger(sent, deadline=time.time() + 1))

    assert (event["verdict"], event["standing"]["total"]) == ("timed_out", 10)
    with pytest.raises(AirflowSensorTimeout, match="0 of 10 messages delivered"):
        sensor(sent).execute_complete({"ti": sent.ti}, event)


def test_the_trigger_tells_of_a_campaign_that_nobody_knows(tasks):
    tasks.execute(recipients=[])

    event = fire(trigger(tasks, campaign_id="other"))

    assert event["verdict"] == "refused"
    with pytest.raises(AirflowFailException, match="'other'"):
        sensor(tasks).execute_complete({"ti": tasks.ti}, event)


def test_the_trigger_waits_an_outage_out(sent):
    sent.gateway.advance(60)
    sent.gateway.fail_next(503, 3, call="dr")

    assert fire(trigger(sent))["verdict"] == "met"


def test_the_trigger_ends_where_the_account_may_not_ask(sent):
    sent.gateway.fail_next(-5, 50, call="dr")

    event = fire(trigger(sent))

    assert event["verdict"] == "refused"
    assert event["trouble"]


def test_while_callbacks_come_a_message_is_asked_after_at_the_longest_interval_alone(sent):
    hear(sent, 1)
    time.sleep(0.06)

    assert poke(sent) is False
    assert looks(sent) == 0

    time.sleep(0.5)
    assert poke(sent, longest_poll_seconds=0.5) is False
    assert looks(sent) == 9, "one of them may have got lost"


def test_the_trigger_leaves_it_to_the_callbacks_while_they_come(sent):
    async def waited() -> dict:
        waiting = asyncio.ensure_future(anext(trigger(sent, longest_poll_seconds=60.0).run()))
        for count in (1, 5, 10):
            await asyncio.to_thread(hear, sent, count)
            await asyncio.sleep(0.3)
        return (await waiting).payload

    hear(sent)

    assert asyncio.run(waited())["verdict"] == "met"
    assert looks(sent) == 0


def test_the_trigger_asks_after_what_no_callback_told(sent):
    hear(sent, 9)
    sent.gateway.advance(60)

    assert fire(trigger(sent))["verdict"] == "met"
    assert looks(sent) == 1


@pytest.mark.parametrize("required", [0, 1.5, True])
def test_a_share_is_checked_when_the_dag_is_parsed(tasks, required):
    with pytest.raises(ValueError, match="share"):
        sensor(tasks, required=required)
