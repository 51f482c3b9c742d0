"""Numbers that went through a spreadsheet: put right where that is certain, refused where digits are lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_nusawa.campaign.excel import NumberDamaged, number_of
from airflow_provider_nusawa.gateway.errors import InvalidMessage


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("081234567890", id="as-written"),
        pytest.param("81234567890", id="zero-lost"),
        pytest.param(81234567890, id="an-int"),
        pytest.param(6281234567890.0, id="a-whole-float"),
        pytest.param('="081234567890"', id="guarded-by-a-formula"),
        pytest.param("'081234567890", id="guarded-by-an-apostrophe"),
        pytest.param(" '0812-3456-7890 ", id="guarded-and-spaced"),
    ],
)
def test_a_number_is_put_right(raw: Any) -> None:
    assert number_of(raw) == "6281234567890"


@pytest.mark.parametrize("raw", ["6.28123E+12", "6,28123E+12", "6.28123e12", "6E+12", " 6,28E+12 ", 6281230000000.0])
def test_a_number_that_lost_digits_is_refused(raw: Any) -> None:
    with pytest.raises(NumberDamaged, match="column as text"):
        number_of(raw)


@pytest.mark.parametrize("raw", ["", "Budi", None, True, 0.5, float("inf"), ["0812"], "'", '=""', "6281234567890.0"])
def test_what_is_no_number_is_refused(raw: Any) -> None:
    with pytest.raises(InvalidMessage) as caught:
        number_of(raw)

    assert not isinstance(caught.value, NumberDamaged)


@given(st.integers(min_value=6281100000000, max_value=6289999999999), st.integers(2, 10), st.sampled_from(".,"))
def test_no_shortened_number_becomes_somebodys(number: int, digits: int, comma: str) -> None:
    shortened = f"{number:.{digits}E}".replace(".", comma)

    with pytest.raises(NumberDamaged):
        number_of(shortened)
