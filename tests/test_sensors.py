"""The sensors, in every mode, against the gateway: what they return, how they fail, and what Airflow makes of it."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)

from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.gateway.errors import Cause, DeliveryFailed, Unreachable
from airflow_provider_nusawa.gateway.messages import Outcome, Receipt
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.sensors import NusaWaCreditsSensor, NusaWaDeliverySensor
from airflow_provider_nusawa.sensors.delivery import FIRST_LOOKS
from airflow_provider_nusawa.triggers import NusaWaDeliveryTrigger

AISHA, BUDI = "6281234567890", "6281298765432"
MODES = [pytest.param({"deferrable": False}, id="poke"), pytest.param({"deferrable": True}, id="deferrable")]
IN_BOTH_MODES = pytest.mark.parametrize("mode", MODES)


class TaskInstance:
    """As much of a running task as a sensor touches."""

    def __init__(self) -> None:
        self.xcoms: dict[str, object] = {}

    def xcom_push(self, key, value):
        self.xcoms[key] = json.loads(json.dumps(value))


def delivery(messages, **more) -> NusaWaDeliverySensor:
    quick = {"poke_interval": 0.05, "first_poll_seconds": 0.05, "longest_poll_seconds": 0.1, "timeout": 20}
    return NusaWaDeliverySensor(task_id="wait", messages=messages, **(quick | more))


def top_up(minimum, **more) -> NusaWaCreditsSensor:
    quick = {"poke_interval": 0.05, "first_poll_seconds": 0.05, "longest_poll_seconds": 0.1, "timeout": 20}
    return NusaWaCreditsSensor(task_id="wait", minimum=minimum, **(quick | more))


async def fired(trigger):
    [payload] = [event.payload async for event in trigger.run()]
    return json.loads(json.dumps(payload))


def run(sensor, ti=None):
    """Run a task to its end, as worker and triggerer together do."""
    context = {"ti": ti or TaskInstance()}
    try:
        return sensor.execute(context)
    except TaskDeferred as deferred:
        event = {"event": asyncio.run(fired(deferred.trigger))}
        return sensor.resume_execution(deferred.method_name, {**(deferred.kwargs or {}), **event}, context)


@contextmanager
def once(come, do) -> Iterator[None]:
    """Do something in another thread as soon as it has come to something, while the test goes on."""

    def wait():
        end = time.monotonic() + 20
        while not come() and time.monotonic() < end:
            time.sleep(0.01)
        do()

    other = threading.Thread(target=wait)
    other.start()
    try:
        yield
    finally:
        other.join()


def deferral(sensor) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        sensor.execute({"ti": TaskInstance()})
    return caught.value


def send(*numbers: str) -> list[dict]:
    hook = NusaWaHook()
    return [hook.send_message(number, f"Halo {place}").to_xcom() for place, number in enumerate(numbers)]


def receipt(outcome: Outcome, **more) -> dict:
    return Receipt(BUDI, "v3", outcome, **more).to_xcom()


def looks(gateway) -> list[str]:
    return [request.fields["ref_no"] for request in gateway.requests if request.call == "dr"]


@IN_BOTH_MODES
def test_delivered_messages_are_reported_at_the_first_look(nusawa_gateway, mode):
    receipts = send(AISHA, magic_number("55"))
    nusawa_gateway.advance(60)

    reports = run(delivery(receipts, **mode))

    assert [report["message_id"] for report in reports] == [receipt["message_id"] for receipt in receipts]
    assert [(report["letter"], report["delivered"]) for report in reports] == [("D", True), ("R", True)]
    assert len(looks(nusawa_gateway)) == 2
    assert AISHA[-6:] not in json.dumps(reports)


@IN_BOTH_MODES
def test_it_waits_until_the_gateway_delivers(nusawa_gateway, mode):
    nusawa_gateway.backend.clock.freeze()
    [one] = send(AISHA)

    with once(lambda: len(looks(nusawa_gateway)) >= 2, lambda: nusawa_gateway.advance(60)):
        [report] = run(delivery(one["message_id"], **mode))

    assert report["letter"] == "D"


@IN_BOTH_MODES
@pytest.mark.parametrize(("family", "says"), [("51", "letter F, err_code 1"), ("52", "letter A, err_code 2")])
def test_a_failed_message_fails_the_task_at_once_and_is_named(nusawa_gateway, mode, family, says):
    receipts = send(AISHA, magic_number(family))
    nusawa_gateway.advance(60)
    ti = TaskInstance()

    with pytest.raises(AirflowFailException) as caught:
        run(delivery(receipts, **mode), ti)

    failed = receipts[1]["message_id"]
    assert f"1 of 2 messages delivered, 2 needed, which can no longer be reached: message {failed}: {says}" in str(
        caught.value
    )
    error = caught.value.__cause__
    assert isinstance(error, DeliveryFailed)
    assert (error.message_id, error.letter, error.err_code) == (failed, says[7], says[-1])
    assert looks(nusawa_gateway).count(failed) >= 2
    assert [report["letter"] for report in ti.xcoms["return_value"]] == ["D", says[7]]


@IN_BOTH_MODES
def test_a_failure_that_the_second_look_takes_back_does_not_count(nusawa_gateway, mode):
    [one] = send(AISHA)
    nusawa_gateway.backend.set_letter(one["message_id"], "F", "9")

    def looked():
        return any(request.call == "dr" and request.outcome for request in nusawa_gateway.requests)

    with once(looked, lambda: nusawa_gateway.backend.set_letter(one["message_id"], "D")):
        [report] = run(delivery(one, first_poll_seconds=0.6, **mode))

    assert report["letter"] == "D"


@IN_BOTH_MODES
def test_a_share_is_enough_and_the_rest_is_not_waited_for(nusawa_gateway, mode):
    receipts = [*send(AISHA, magic_number("51")), receipt(Outcome.REFUSED, code=-13), *send(BUDI)]
    nusawa_gateway.advance(60)

    reports = run(delivery(receipts, required=0.5, **mode))

    assert [report["letter"] for report in reports] == ["D", "F", "D"]


@IN_BOTH_MODES
@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        pytest.param(receipt(Outcome.REFUSED, code=-13), "recipient …5432: refused, code -13", id="refused"),
        pytest.param(receipt(Outcome.UNKNOWN), "recipient …5432: unknown", id="unknown"),
        pytest.param(receipt(Outcome.NOT_TRIED), "recipient …5432: not tried", id="not-tried"),
    ],
)
def test_a_receipt_of_nothing_sent_makes_the_share_unreachable_without_asking(nusawa_gateway, mode, outcome, says):
    receipts = [*send(AISHA), outcome]

    with pytest.raises(AirflowFailException, match=says):
        run(delivery(receipts, **mode))

    assert looks(nusawa_gateway) == []


@IN_BOTH_MODES
def test_time_runs_out_as_airflow_users_know_it(nusawa_gateway, mode):
    [one] = send(magic_number("54"))
    nusawa_gateway.advance(60)

    with pytest.raises(AirflowSensorTimeout):
        run(delivery(one, timeout=0.3, **mode))


def test_a_deferred_wait_that_times_out_says_what_is_known(nusawa_gateway):
    first, second = send(AISHA, magic_number("54"))
    nusawa_gateway.advance(60)
    ti = TaskInstance()

    with pytest.raises(AirflowSensorTimeout) as caught:
        run(delivery([first, second], timeout=0.3, deferrable=True), ti)

    pending = f"not yet: message {second['message_id']}: letter S"
    assert str(caught.value) == f"timed out after 0.3 seconds: 1 of 2 messages delivered, 2 needed; {pending}"
    assert len(ti.xcoms["return_value"]) == 2


@IN_BOTH_MODES
@pytest.mark.parametrize("family", [pytest.param("51", id="failed"), pytest.param("54", id="timed-out")])
def test_soft_fail_skips_instead(nusawa_gateway, mode, family):
    [one] = send(magic_number(family))
    nusawa_gateway.advance(60)

    with pytest.raises(AirflowSkipException):
        run(delivery(one, soft_fail=True, timeout=0.3, **mode))


def test_soft_fail_skips_what_fails_at_the_first_look_of_a_deferrable_wait(nusawa_gateway):
    with pytest.raises(AirflowSkipException):
        run(delivery([receipt(Outcome.REFUSED)], soft_fail=True, deferrable=True))


@IN_BOTH_MODES
@pytest.mark.parametrize("fault", ["drop_before", 503, -99, "html"])
def test_an_outage_is_waited_out(nusawa_gateway, mode, fault):
    [one] = send(AISHA)
    nusawa_gateway.advance(60)
    nusawa_gateway.fail_next(fault, times=3, call="dr")

    [report] = run(delivery(one, **mode))

    assert report["letter"] == "D"


@IN_BOTH_MODES
@pytest.mark.parametrize("fault", [-5, -40, 401, 403])
def test_an_account_that_may_not_ask_ends_the_wait_at_once(nusawa_gateway, mode, fault):
    receipts = send(AISHA)
    nusawa_gateway.fail_next(fault, times=-1, call="dr")

    with pytest.raises(AirflowFailException, match=str(fault)):
        run(delivery(receipts, **mode))

    assert len(looks(nusawa_gateway)) == 1


def test_an_account_that_may_no_longer_ask_ends_a_deferred_wait(nusawa_gateway):
    [one] = send(AISHA)
    deferred = deferral(delivery(one, deferrable=True))
    nusawa_gateway.fail_next(-5, times=-1, call="dr")
    event = asyncio.run(fired(deferred.trigger))

    with pytest.raises(AirflowFailException, match=r"-5 INVALID_USER_OR_PASS.*0 of 1 messages delivered"):
        delivery(one).resume_execution("execute_complete", {"event": event}, {"ti": TaskInstance()})


@pytest.mark.parametrize("soft_fail", [False, True])
def test_a_wait_that_broke_is_left_to_airflows_retries_and_never_skipped(soft_fail):
    sensor = delivery("01", soft_fail=soft_fail, deferrable=True)
    event = {"verdict": "broken", "reports": [["01", "S", ""]], "trouble": "polling stopped"}

    with pytest.raises(Unreachable, match="the wait broke off: polling stopped"):
        sensor.resume_execution("execute_complete", {"event": event}, {"ti": TaskInstance()})


@IN_BOTH_MODES
def test_messages_of_another_dialect_cannot_be_asked_after_and_the_error_says_so(nusawa_gateway, mode):
    sent_by_v1 = Receipt(AISHA, "v1", Outcome.ACCEPTED, "abc").to_xcom()

    with pytest.raises(AirflowFailException, match=r"accepted through API v1, .*'nusawa_default' speaks v3"):
        run(delivery([sent_by_v1], **mode))

    assert looks(nusawa_gateway) == []


@IN_BOTH_MODES
@pytest.mark.parametrize("messages", [[], "[{'message_id': '01'}]", None])
def test_what_cannot_be_awaited_fails_without_a_request(nusawa_gateway, mode, messages):
    with pytest.raises(AirflowFailException, match=r"^wait: messages "):
        run(delivery(messages, **mode))

    assert nusawa_gateway.requests == []


def test_a_share_out_of_range_is_an_error_of_the_dag_file():
    with pytest.raises(ValueError, match="required"):
        delivery("01", required=90)


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


@IN_BOTH_MODES
def test_credits_are_awaited_until_they_are_topped_up(nusawa_gateway, mode):
    account = nusawa_gateway.backend.account
    account.balance = 10

    def looked_twice():
        return sum(request.call == "credits" for request in nusawa_gateway.requests) >= 2

    with once(looked_twice, lambda: setattr(account, "balance", 1500)):
        balance = run(top_up("1000", min_days_left="3", **mode))

    assert balance == {"credits": "1500", "expires": "2099-12-31"}


@IN_BOTH_MODES
@pytest.mark.parametrize("fault", [-2, -7, -99, 503])
def test_an_account_without_credits_and_an_outage_are_waited_out(nusawa_gateway, mode, fault):
    nusawa_gateway.fail_next(fault, times=3, call="credits")

    assert run(top_up(1, **mode))["credits"] == "100000"


@IN_BOTH_MODES
def test_credits_that_never_come_time_out(nusawa_gateway, mode):
    with pytest.raises(AirflowSensorTimeout):
        run(top_up(1_000_000, timeout=0.3, **mode))


def test_a_deferred_wait_for_credits_says_what_there_is(nusawa_gateway):
    says = "the balance is 100000 credits, 1000000 needed"
    with pytest.raises(AirflowSensorTimeout, match=says):
        run(top_up(1_000_000, timeout=0.3, deferrable=True))


@IN_BOTH_MODES
@pytest.mark.parametrize("fault", [-5, -40, 401])
def test_an_account_that_may_not_ask_for_credits_fails_at_once(nusawa_gateway, mode, fault):
    nusawa_gateway.fail_next(fault, times=-1, call="credits")

    with pytest.raises(AirflowFailException, match=str(fault)):
        run(top_up(1, **mode))


@IN_BOTH_MODES
def test_a_minimum_that_is_no_number_fails_without_a_request(nusawa_gateway, mode):
    with pytest.raises(AirflowFailException, match=r"^wait: minimum must be a number"):
        run(top_up("1.500,00", **mode))

    assert nusawa_gateway.requests == []
