"""API v1.0, the questions: balance, delivery report, and whose key it is."""

from __future__ import annotations

from typing import Any

import pytest
from samples import REPORT_ID, V1, v1_answer
from samples import v1_error as error
from samples import v1_recorded as recorded

from airflow_provider_nusawa.gateway import v1
from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.errors import (
    Cause,
    Refused,
    Scope,
    Unreachable,
)
from airflow_provider_nusawa.gateway.exchange import Reply


@pytest.mark.parametrize(
    ("data", "amount", "expires"),
    [
        pytest.param({"wa_balance": 1500, "wa_expired_date": "2026-12-31"}, "1500", "2026-12-31", id="told"),
        pytest.param({"wa_balance": "1500.5", "wa_expired_date": None}, "1500.5", None, id="text"),
        pytest.param({"wa_balance": None}, "0", None, id="null-is-nothing"),
    ],
)
def test_a_balance_is_that_of_whatsapp(data: dict[str, Any], amount: str, expires: str | None) -> None:
    told = v1.read_credits(Reply(200, {}, v1_answer(sms_balance=7, **data)), V1.settings)

    assert told.to_xcom() == {"credits": amount, "expires": expires}


@pytest.mark.parametrize("data", [{"sms_balance": 7}, {"wa_balance": "much"}, {"wa_balance": True}])
def test_an_answer_without_a_balance_is_a_failed_look(data: dict[str, Any]) -> None:
    with pytest.raises(Unreachable):
        v1.read_credits(Reply(200, {}, v1_answer(**data)), V1.settings)


def test_a_report_tells_all_its_times() -> None:
    report = v1.read_report(recorded("status_read"), REPORT_ID, V1.settings)

    assert report.status is DeliveryStatus.READ
    times = [report.created_at, report.sent_at, report.delivered_at, report.read_at]
    assert [time and time.isoformat()[11:] for time in times] == [
        "17:49:01+07:00",
        "17:49:05+07:00",
        "17:49:09+07:00",
        "18:02:00+07:00",
    ]


def test_a_report_names_whom_and_what_but_does_not_show_it() -> None:
    report = v1.read_report(recorded("status_read"), REPORT_ID, V1.settings)

    assert (report.destination, report.text) == ("6285100803380", "testing wa api")
    assert not {"6285100803380", "testing wa api"} & set(repr(report).split("'"))


def test_a_picture_s_caption_is_its_text() -> None:
    body = v1_answer(ref_no=REPORT_ID, status="D", message=None, caption="Tagihan")

    assert v1.read_report(Reply(200, {}, body), REPORT_ID, V1.settings).text == "Tagihan"


def test_a_report_named_by_a_number_has_lost_its_zero() -> None:
    body = v1_answer(ref_no=int(REPORT_ID), status="D")

    assert v1.read_report(Reply(200, {}, body), REPORT_ID, V1.settings).message_id == REPORT_ID


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param(Reply(404, {}, b""), "no message that was sent by v3", id="bare-404"),
        pytest.param(error("Not found", 404), "no message that was sent by v3", id="404"),
        pytest.param(error("Message not found"), "Message not found", id="error-in-200"),
        pytest.param(recorded("invalid_destination", 422), "Invalid destination", id="422"),
        pytest.param(error("boom", 500), "HTTP 500", id="500"),
    ],
)
def test_a_look_that_settles_nothing_is_a_failed_look(answer: Reply, says: str) -> None:
    with pytest.raises(Unreachable, match=says) as caught:
        v1.read_report(answer, REPORT_ID, V1.settings)

    assert caught.value.cause in (Cause.UNREADABLE, Cause.SERVER)


def test_a_look_that_the_account_may_not_take_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        v1.read_report(error("Invalid API Key"), REPORT_ID, V1.settings)

    assert caught.value.scope is Scope.ACCOUNT


def test_a_key_check_names_the_user() -> None:
    assert v1.read_key_check(recorded("api_key"), V1.settings) == "budi"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(Reply(401, {}, b""), Refused, id="wrong-key"),
        pytest.param(Reply(403, {}, b""), Refused, id="not-on-the-white-list"),
        pytest.param(Reply(200, {}, v1_answer(userid="")), Unreachable, id="nobody"),
        pytest.param(Reply(502, {}, b""), Unreachable, id="502"),
    ],
)
def test_a_key_check_that_fails_says_why(answer: Reply, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        v1.read_key_check(answer, V1.settings)
