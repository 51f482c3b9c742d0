"""The credits gate: its rule by table, and the operator against the gateway."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_nusawa.gateway.errors import NusaWaError, Refused, Scope
from airflow_provider_nusawa.gateway.messages import Credits
from airflow_provider_nusawa.operators.credits_check import NusaWaCreditsCheckOperator
from airflow_provider_nusawa.waiting.funds import Need, lacks_credits, said

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("raw", "minimum"),
    [
        pytest.param(1500, "1500", id="int"),
        pytest.param(0, "0", id="zero"),
        pytest.param(0.5, "0.5", id="float"),
        pytest.param(Decimal("1500.25"), "1500.25", id="decimal"),
        pytest.param(" 1500 ", "1500", id="rendered"),
        pytest.param("1e5", "100000", id="rendered-with-exponent"),
    ],
)
def test_a_minimum_is_read(raw, minimum):
    assert Need.read(raw) == Need(Decimal(minimum), None)


@pytest.mark.parametrize("raw", ["", "None", "abc", "1.500,00", "1,500", "nan", "inf", "-1", -1, None, True, [1], {}])
def test_a_minimum_that_is_no_number_is_named(raw):
    with pytest.raises(ValueError, match=r"^minimum must be a number"):
        Need.read(raw)


def test_a_bad_value_is_shown_but_not_at_length():
    with pytest.raises(ValueError, match=r"not 'x{40}'$"):
        Need.read("x" * 5000)


@pytest.mark.parametrize(("raw", "days"), [(7, 7), ("7", 7), (0, 0), (None, None)])
def test_days_are_read(raw, days):
    assert Need.read(1, raw).min_days_left == days


@pytest.mark.parametrize("raw", ["a week", -1, "", "None"])
def test_days_that_are_no_number_are_named(raw):
    with pytest.raises(ValueError, match=r"^min_days_left must be a number"):
        Need.read(1, raw)


def test_days_are_whole():
    with pytest.raises(ValueError, match=r"whole number of days, not 1.5"):
        Need.read(1, 1.5)


@pytest.mark.parametrize(
    ("amount", "days_left", "min_days_left", "shortfalls"),
    [
        pytest.param("1000", 30, 7, [], id="enough"),
        pytest.param("1000", 7, 7, [], id="just-long-enough"),
        pytest.param("1000", 0, None, [], id="last-day"),
        pytest.param("1000", None, 7, [], id="no-expiry-told"),
        pytest.param("999.5", 30, 7, ["the balance is 0.5 credits short of 1000"], id="too-few"),
        pytest.param("1000", 6, 7, ["it expires in 6 day(s), and 7 are needed"], id="too-soon"),
        pytest.param("1000", -1, None, ["it expired 1 day(s) ago"], id="expired"),
        pytest.param("0", -1, 7, ["the balance is 1000 credits short of 1000", "it expired 1 day(s) ago"], id="both"),
    ],
)
def test_what_a_balance_lacks(amount, days_left, min_days_left, shortfalls):
    expires = None if days_left is None else TODAY + timedelta(days=days_left)

    assert Need.read("1000", min_days_left).shortfalls(Credits(Decimal(amount), expires), TODAY) == shortfalls


def test_a_balance_in_words():
    assert said(Credits(Decimal("1500"), TODAY)) == "the balance is 1500 credits, usable until 2026-11-22"
    assert said(Credits(Decimal("1E+3"))) == "the balance is 1000 credits, no expiry told"


@pytest.mark.parametrize(("code", "lacks"), [(-2, True), (-7, True), (-5, False), (None, False)])
def test_a_refusal_for_want_of_credits_is_known_by_its_code(code, lacks):
    assert lacks_credits(Refused("no", scope=Scope.ACCOUNT, code=code)) is lacks


def gate(**more) -> NusaWaCreditsCheckOperator:
    return NusaWaCreditsCheckOperator(**({"task_id": "gate", "minimum": "1000"} | more))


def expiring(gateway, days: int) -> None:
    gateway.backend.account.expires = gateway.backend.clock.now().date() + timedelta(days=days)


def test_enough_credits_open_the_gate_and_are_returned(nusawa_gateway):
    nusawa_gateway.backend.account.balance = 1500

    assert gate().execute({}) == {"credits": "1500", "expires": "2099-12-31"}


def test_no_expiry_is_none(nusawa_gateway):
    nusawa_gateway.backend.account.expires = None

    assert gate(min_days_left=7).execute({}) == {"credits": "100000", "expires": None}


STOPS = pytest.mark.parametrize(
    ("on_insufficient", "stop"), [("fail", AirflowFailException), ("skip", AirflowSkipException)]
)


@STOPS
def test_too_few_credits_stop_here_and_the_text_says_all(nusawa_gateway, on_insufficient, stop):
    nusawa_gateway.backend.account.balance = 400

    with pytest.raises(stop) as caught:
        gate(on_insufficient=on_insufficient).execute({})

    assert str(caught.value).startswith(
        "the balance is 400 credits, usable until 2099-12-31; the balance is 600 credits short of 1000."
    )


@STOPS
@pytest.mark.parametrize("days", [6, -1])
def test_a_balance_that_expires_too_soon_stops_here(nusawa_gateway, on_insufficient, stop, days):
    expiring(nusawa_gateway, days)

    with pytest.raises(stop, match="expire"):
        gate(min_days_left=7, on_insufficient=on_insufficient).execute({})


@STOPS
@pytest.mark.parametrize("code", [-2, -7])
def test_a_refusal_for_want_of_credits_stops_here_too(nusawa_gateway, on_insufficient, stop, code):
    nusawa_gateway.fail_next(code, call="credits")

    with pytest.raises(stop, match=str(code)):
        gate(on_insufficient=on_insufficient).execute({})


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_days_are_counted_in_the_connections_time_zone(nusawa_gateway, zone):
    import pendulum

    nusawa_gateway.use(timezone=zone)
    today = pendulum.now(zone).date()  # 25 hours lie between these two, so that they never share a date
    nusawa_gateway.backend.account.expires = date(today.year, today.month, today.day)

    assert gate(min_days_left=0).execute({})["expires"] == today.isoformat()
    with pytest.raises(AirflowFailException, match=r"expires in 0 day\(s\), and 1 are needed"):
        gate(min_days_left=1).execute({})


@pytest.mark.parametrize("on_insufficient", ["fail", "skip"])
@pytest.mark.parametrize("fault", [-5, -40, 401, 403])
def test_an_account_that_may_not_ask_fails_at_once_and_never_skips(nusawa_gateway, on_insufficient, fault):
    nusawa_gateway.fail_next(fault, call="credits")

    with pytest.raises(AirflowFailException, match=str(fault)):
        gate(on_insufficient=on_insufficient).execute({})


@pytest.mark.parametrize("on_insufficient", ["fail", "skip"])
@pytest.mark.parametrize("fault", [-99, 503, "drop_before", "html"])
def test_trouble_that_may_pass_is_left_to_airflows_retries(nusawa_gateway, on_insufficient, fault):
    nusawa_gateway.fail_next(fault, call="credits")

    with pytest.raises(NusaWaError) as caught:
        gate(on_insufficient=on_insufficient).execute({})

    assert caught.value.retryable


def test_a_bad_minimum_fails_at_once_without_a_request(nusawa_gateway):
    with pytest.raises(AirflowFailException, match=r"^gate: minimum must be a number"):
        gate(minimum="{{ params.missing }}").execute({})

    assert nusawa_gateway.requests == []


def test_what_else_on_insufficient_may_be_is_an_error_of_the_dag_file():
    with pytest.raises(ValueError, match="on_insufficient is 'ignore', and must be 'fail' or 'skip'"):
        gate(on_insufficient="ignore")
