"""How a delivery sensor looks: what it leaves to its trigger, how often it asks, and how its looks are stopped."""

from __future__ import annotations

import signal
import time
from datetime import timedelta

import pytest
from sensor_runs import BUDI, TaskInstance, deferral, delivery, looks, once, receipt, run, send
from trigger_runs import AISHA

from airflow_provider_nusawa.gateway.errors import Cause, Unreachable
from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.sensors import NusaWaDeliverySensor
from airflow_provider_nusawa.sensors.delivery import FIRST_LOOKS
from airflow_provider_nusawa.triggers import NusaWaDeliveryTrigger


def test_the_trigger_holds_ids_and_numbers_only(nusawa_gateway):
    receipts = [*send(AISHA, BUDI), receipt(Outcome.REFUSED)]
    sensor = NusaWaDeliverySensor(task_id="wait", messages=receipts, required=0.6, deferrable=True)

    before = time.time()
    deferred = deferral(sensor)

    assert isinstance(deferred.trigger, NusaWaDeliveryTrigger)
    kwargs = deferred.trigger.serialize()[1]
    assert before + 86_400 <= kwargs.pop("deadline") <= time.time() + 86_400
    assert kwargs == {
        "nusawa_conn_id": "nusawa_default",
        "first_poll_seconds": 15.0,
        "longest_poll_seconds": 300.0,
        "message_ids": [receipts[0]["message_id"], receipts[1]["message_id"]],
        "needed": 2,
    }


def test_airflows_own_time_limit_comes_after_the_triggers(nusawa_gateway):
    [one] = send(AISHA)

    assert deferral(delivery(one, timeout=60, deferrable=True)).timeout == timedelta(minutes=6)
    assert deferral(delivery(one, timeout=timedelta(hours=1), deferrable=True)).timeout == timedelta(hours=1, minutes=5)


def test_a_deferrable_wait_for_many_looks_at_some_in_the_worker(nusawa_gateway):
    nusawa_gateway.backend.rules.equal_texts_a_day = None
    ids = [one["message_id"] for one in send(*[AISHA] * (FIRST_LOOKS + 5))]

    deferred = deferral(delivery(ids, deferrable=True))

    assert sorted(looks(nusawa_gateway)) == sorted(ids[:FIRST_LOOKS])
    assert deferred.trigger.message_ids == ids


def test_a_gateway_that_is_away_is_not_asked_for_every_message(nusawa_gateway):
    nusawa_gateway.fail_next("drop_before", times=-1, call="dr")

    assert delivery([f"{n:03d}" for n in range(200)]).poke({"ti": TaskInstance()}) is False

    assert len(looks(nusawa_gateway)) < 20


def test_a_few_messages_that_cannot_be_asked_after_do_not_hide_the_others(nusawa_gateway):
    [one] = send(AISHA)
    nusawa_gateway.advance(60)
    strangers = [f"{number:018d}" for number in range(30)]

    [report] = run(delivery([*strangers, one], required=0.01))[-1:]

    assert report["letter"] == "D"


def test_a_task_that_is_told_to_stop_stops_within_three_seconds(nusawa_gateway):
    nusawa_gateway.fail_next("hang_before", times=-1, call="dr")
    sensor = delivery(["01", "02"])

    begin = time.monotonic()

    with once(lambda: looks(nusawa_gateway), sensor.on_kill), pytest.raises(Unreachable) as caught:
        run(sensor)

    assert caught.value.cause is Cause.STOPPED
    assert time.monotonic() - begin < 3


def test_a_time_out_of_airflows_cuts_the_looks_in_flight(nusawa_gateway, monkeypatch):
    class TimeOut(BaseException):
        """As AirflowTaskTimeout: raised anywhere in the main thread."""

    nusawa_gateway.fail_next("hang_before", times=-1, call="dr")

    def strike(*_):
        raise TimeOut

    before = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    begin = time.monotonic()
    try:
        with pytest.raises(TimeOut):
            run(delivery(["01", "02"]))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert time.monotonic() - begin < 3.5


def test_on_kill_before_and_after_the_looks_is_harmless(nusawa_gateway):
    [one] = send(AISHA)
    nusawa_gateway.advance(60)
    sensor = delivery(one)

    sensor.on_kill()
    assert run(sensor)[0]["letter"] == "D"
    sensor.on_kill()
