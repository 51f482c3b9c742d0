"""The mark is an HMAC like any other, and the short JSON is JSON like any other."""

from __future__ import annotations

import hmac
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_nusawa.ledger.compact_json import compact
from airflow_provider_nusawa.ledger.marking import Marker


@given(st.binary(min_size=1, max_size=64), st.text("0123456789", max_size=15))
def test_a_mark_is_the_hmac(secret: bytes, number: str) -> None:
    assert Marker(secret)(number) == int(hmac.digest(secret, number.encode(), "sha256").hex()[:16], 16) >> 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_short_json_is_json(value: object) -> None:
    assert compact(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_what_json_does_not_know_becomes_text() -> None:
    assert compact({"lahir": date(2000, 5, 1)}) == '{"lahir":"2000-05-01"}'


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[object] = []
    value.append(value)

    with pytest.raises(RecursionError):
        compact(value)
