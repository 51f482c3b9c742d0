"""Dates and amounts, in all the ways that the gateway may be found to write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_nusawa.gateway.figures import read_amount, read_day, read_time

JAKARTA = "Asia/Jakarta"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        pytest.param("1500", "1500", id="plain"),
        pytest.param("1500.0", "1500", id="decimal"),
        pytest.param("1,500", "1500", id="english"),
        pytest.param("1,500,000.25", "1500000.25", id="english-decimal"),
        pytest.param("1.500,25", "1500.25", id="indonesian-decimal"),
        pytest.param("1.500.000", "1500000", id="indonesian"),
        pytest.param("1500,50", "1500.50", id="comma-decimal"),
        pytest.param("1.500", "1.5", id="a-lone-dot-is-a-decimal-point"),
        pytest.param(" 1\N{NO-BREAK SPACE}500 ", "1500", id="spaces"),
        pytest.param("-20", "-20", id="overdrawn"),
        pytest.param("1.5e3", "1500", id="exponent"),
        pytest.param("0", "0", id="zero"),
    ],
)
def test_an_amount_is_read(text: str, amount: str) -> None:
    assert read_amount(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "-", ".", "NaN", "Infinity", "Rp 5", "1,50,0", "1.50.0", "1e999", "0x10", "five"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert read_amount(text) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9))
def test_an_amount_survives_being_written(amount: Decimal) -> None:
    assert read_amount(str(amount)) == read_amount(f"{amount:,}") == amount


@pytest.mark.parametrize(
    ("text", "day"),
    [
        pytest.param("2026-12-31", "2026-12-31", id="iso"),
        pytest.param("2026-12-31 23:59:59.0", "2026-12-31", id="with-a-time"),
        pytest.param("2026-12-31T00:00:00", "2026-12-31", id="iso-time"),
        pytest.param("2026-12-30T17:00:00Z", "2026-12-31", id="utc-is-the-next-day-in-jakarta"),
        pytest.param("20261231", "2026-12-31", id="compact"),
        pytest.param("2026/12/31", "2026-12-31", id="slashes"),
        pytest.param("31-12-2026", "2026-12-31", id="day-first"),
        pytest.param("31/12/2026 10:00", "2026-12-31", id="day-first-with-a-time"),
        pytest.param("05/06/2026", "2026-06-05", id="day-first-where-both-are-possible"),
        pytest.param("12/31/2026", "2026-12-31", id="month-first-where-only-that-is-possible"),
        pytest.param("", "None", id="empty"),
        pytest.param("0000-00-00", "None", id="zeros"),
        pytest.param("2026-02-30", "None", id="no-such-day"),
        pytest.param("now", "None", id="now"),
        pytest.param("unlimited", "None", id="word"),
    ],
)
def test_a_day_is_read_in_the_account_s_zone(text: str, day: str) -> None:
    assert str(read_day(text, JAKARTA)) == day


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2017-09-25 17:49:05.0", "2017-09-25T17:49:05+07:00", id="vendor"),
        pytest.param("2017-09-25T17:49:05", "2017-09-25T17:49:05+07:00", id="iso"),
        pytest.param("2017-09-25T17:49:05Z", "2017-09-25T17:49:05+00:00", id="utc"),
        pytest.param("2017-09-25T17:49:05+08:00", "2017-09-25T17:49:05+08:00", id="offset"),
    ],
)
def test_a_time_is_aware_and_naive_ones_are_in_the_account_s_zone(text: str, moment: str) -> None:
    told = read_time(text, JAKARTA)

    assert told is not None
    assert told.isoformat() == moment


@pytest.mark.parametrize("text", ["", "now", "17:49", "2017-13-01 00:00:00", "2017-09-25 25:00:00", "P1D"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_time(text, JAKARTA) is None
