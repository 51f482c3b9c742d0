"""NusaWaDeliverySensor in both modes against the gateway: what it returns, how it fails, what Airflow makes of it."""

from __future__ import annotations

import asyncio
import json

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout, AirflowSkipException
from sensor_runs import BUDI, IN_BOTH_MODES, TaskInstance, deferral, delivery, looks, once, receipt, run, send
from trigger_runs import AISHA, fired

from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.gateway.errors import DeliveryFailed, Unreachable
from airflow_provider_nusawa.gateway.messages import Outcome, Receipt


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


@IN_BOTH_MODES
def test_soft_fail_skips_a_wrong_login_too_by_airflows_own_rule(nusawa_gateway, mode):
    receipts = send(AISHA)
    nusawa_gateway.fail_next(-5, times=-1, call="dr")

    with pytest.raises(AirflowSkipException):
        run(delivery(receipts, soft_fail=True, **mode))


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
