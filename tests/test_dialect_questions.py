"""Questions in every dialect: balance and delivery report. What settles nothing is a failed look, never unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from samples import REPORT_ID, Samples, each_dialect, each_unreadable

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.errors import Refused, Scope, Unreachable
from airflow_provider_nusawa.gateway.exchange import Reply
from airflow_provider_nusawa.gateway.messages import Credits

Ask = Callable[[Samples, Reply], Any]
QUESTIONS: dict[str, Ask] = {
    "credits": lambda samples, reply: samples.dialect.read_credits(reply, samples.settings),
    "report": lambda samples, reply: samples.dialect.read_report(reply, REPORT_ID, samples.settings),
}

each_question = pytest.mark.parametrize("ask", [pytest.param(ask, id=name) for name, ask in QUESTIONS.items()])


@each_dialect
@each_question
@each_unreadable
def test_an_unreadable_answer_to_a_question_is_a_failed_look(samples: Samples, ask: Ask, body: bytes) -> None:
    with pytest.raises(Unreachable) as caught:
        ask(samples, Reply(200, {}, body))

    assert caught.value.retryable


@each_dialect
@each_question
@pytest.mark.parametrize("status", [400, 408, 413, 418, 500, 503])
def test_a_question_that_http_does_not_settle_is_a_failed_look(samples: Samples, ask: Ask, status: int) -> None:
    with pytest.raises(Unreachable, match=f"HTTP {status}"):
        ask(samples, Reply(status, {}, b""))


@each_dialect
@each_question
@pytest.mark.parametrize("status", [302, 401, 403, 405, 407])
def test_a_question_that_the_account_may_not_ask_is_refused(samples: Samples, ask: Ask, status: int) -> None:
    with pytest.raises(Refused, match=f"HTTP {status}") as caught:
        ask(samples, Reply(status, {}, b""))

    assert caught.value.scope is Scope.ACCOUNT


@each_dialect
def test_a_balance_has_an_amount_and_a_last_day(samples: Samples) -> None:
    told = samples.dialect.read_credits(Reply(200, {}, samples.credits), samples.settings)

    assert told == Credits(Decimal(1500), date(2026, 12, 31))


@each_dialect
def test_a_balance_beside_an_http_error_is_not_believed(samples: Samples) -> None:
    with pytest.raises(Unreachable):
        samples.dialect.read_credits(Reply(503, {}, samples.credits), samples.settings)


@each_dialect
@pytest.mark.parametrize(
    ("letter", "status"),
    [
        pytest.param("S", DeliveryStatus.SENT, id="sent"),
        pytest.param("D", DeliveryStatus.DELIVERED, id="delivered"),
        pytest.param("R", DeliveryStatus.READ, id="read"),
        pytest.param("F", DeliveryStatus.FAILED, id="failed"),
        pytest.param("A", DeliveryStatus.ABORTED, id="aborted"),
        pytest.param("d", DeliveryStatus.DELIVERED, id="lower-case"),
        pytest.param("", DeliveryStatus.NONE, id="none-yet"),
        pytest.param(None, DeliveryStatus.NONE, id="null"),
        pytest.param("Q", DeliveryStatus.OTHER, id="undocumented"),
    ],
)
def test_a_delivery_report_is_read_by_its_letter(samples: Samples, letter: str | None, status: DeliveryStatus) -> None:
    report = samples.dialect.read_report(Reply(200, {}, samples.report(letter)), REPORT_ID, samples.settings)

    assert (report.message_id, report.status, report.letter) == (REPORT_ID, status, letter or "")
    assert report.sent_at is not None
    assert report.sent_at.isoformat() == "2017-09-25T17:49:05+07:00"


@each_dialect
def test_an_unreadable_date_does_not_cost_the_report(samples: Samples) -> None:
    body = samples.report("D").replace(b"2017", b"kemarin")

    report = samples.dialect.read_report(Reply(200, {}, body), REPORT_ID, samples.settings)

    assert (report.status, report.sent_at) == (DeliveryStatus.DELIVERED, None)


@each_dialect
def test_a_report_of_another_message_is_a_failed_look(samples: Samples) -> None:
    with pytest.raises(Unreachable):
        samples.dialect.read_report(Reply(200, {}, samples.report("D")), "175041319203754627", samples.settings)
