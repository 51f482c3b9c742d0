"""API v3, the questions: balance and delivery report, in every shape that they may come in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from samples import DATA, REPORT_ID, V3
from samples import v3_reply as reply
from samples import v3_results as results

from airflow_provider_nusawa.gateway import v3
from airflow_provider_nusawa.gateway.codes import CODES, DeliveryStatus
from airflow_provider_nusawa.gateway.errors import Cause, Refused, Scope, Unreachable


@pytest.mark.parametrize(
    ("body", "amount", "expires"),
    [
        pytest.param({"value": "1500", "expiredDate": "2026-12-31"}, "1500", "2026-12-31", id="texts"),
        pytest.param({"value": 1500}, "1500", "None", id="number"),
        pytest.param({"value": 1500.50}, "1500.5", "None", id="fraction"),
        pytest.param({"results": [{"value": "1,500", "expiredDate": ""}]}, "1500", "None", id="results"),
        pytest.param(
            b"<credits><value>7</value><expiredDate>31-12-2026</expiredDate></credits>", "7", "2026-12-31", id="xml"
        ),
        pytest.param(b"<results><result><value>7</value></result></results>", "7", "None", id="xml-results"),
        pytest.param({"status": "0", "value": "-5"}, "-5", "None", id="overdrawn"),
    ],
)
def test_a_balance_is_read_in_any_shape(body: Any, amount: str, expires: str) -> None:
    told = v3.read_credits(reply(body), V3.settings)

    assert (told.amount, str(told.expires)) == (Decimal(amount), expires)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param((DATA / "vendor_wrong_password.json").read_bytes(), id="json"),
        pytest.param((DATA / "vendor_wrong_password.xml").read_bytes(), id="xml"),
        pytest.param({"status": "-5", "value": "0"}, id="flat-with-a-value"),
    ],
)
def test_a_balance_refused_names_the_code(body: Any) -> None:
    with pytest.raises(Refused, match="-5 INVALID_USER_OR_PASS") as caught:
        v3.read_credits(reply(body), V3.settings)

    assert caught.value.scope is Scope.ACCOUNT


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"ref_no": REPORT_ID, "status": "D"}, id="flat"),
        pytest.param({"ref_no": int(REPORT_ID), "status": "D"}, id="a-number-has-lost-its-zero"),
        pytest.param({"messageid": REPORT_ID, "status": "D"}, id="messageid"),
        pytest.param({"status": "D", "destination": "6281111111111"}, id="unnamed"),
        pytest.param({"results": [{"ref_no": "1", "status": "F"}, {"ref_no": REPORT_ID, "status": "D"}]}, id="second"),
        pytest.param(f"<results><ref_no>{REPORT_ID}</ref_no><status>D</status></results>".encode(), id="xml"),
    ],
)
def test_a_report_is_found_in_any_shape(body: Any) -> None:
    assert v3.read_report(reply(body), REPORT_ID, V3.settings).status is DeliveryStatus.DELIVERED


def test_the_vendors_callback_sample_is_read_as_a_report() -> None:
    report = v3.read_report(reply((DATA / "vendor_callback.json").read_bytes()), REPORT_ID, V3.settings)

    assert (report.letter, report.err_code, str(report.sent_at)) == ("D", "0", "2017-09-25 17:49:05+07:00")


def test_a_report_without_a_status_means_nowhere_yet() -> None:
    assert v3.read_report(reply({"ref_no": REPORT_ID}), REPORT_ID, V3.settings).status is DeliveryStatus.NONE


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"ref_no": "175041319203754627", "status": "D"}, 200, id="another-message"),
        pytest.param({"results": [{"status": "D"}, {"status": "F"}]}, 200, id="two-unnamed"),
        pytest.param({"status": ""}, 200, id="neither-name-nor-status"),
        pytest.param({"status": "error"}, 503, id="a-strangers-error"),
    ],
)
def test_a_report_about_nobody_is_a_failed_look(body: Any, status: int) -> None:
    with pytest.raises(Unreachable):
        v3.read_report(reply(body, status), REPORT_ID, V3.settings)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("code", [number for number, row in CODES.items() if row.scope is Scope.ACCOUNT])
def test_an_account_code_ends_a_wait(code: int, status: int) -> None:
    with pytest.raises(Refused) as caught:
        v3.read_report(results((code, "", ""), status=status), REPORT_ID, V3.settings)

    assert (caught.value.code, caught.value.scope) == (code, Scope.ACCOUNT)


@pytest.mark.parametrize("code", [0, 7, -12345, *(n for n, row in CODES.items() if row.scope is not Scope.ACCOUNT)])
def test_any_other_number_is_a_failed_look(code: int) -> None:
    with pytest.raises(Unreachable, match=str(code)) as caught:
        v3.read_report(results((code, "", "")), REPORT_ID, V3.settings)

    assert caught.value.cause is Cause.SERVER
