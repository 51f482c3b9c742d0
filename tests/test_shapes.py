"""The shape of an answer: its fields by name and kind, and no value of theirs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_nusawa.gateway.exchange import Reply
from airflow_provider_nusawa.gateway.shapes import kind_of, shape_of


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "true"),
        (1500, "JSON number"),
        ("", "empty text"),
        ("D", "letter (1)"),
        ("0123", "digits (4)"),
        ("-5", "negative number (2)"),
        ("1,500.0", "number (7)"),
        ("2026-12-31", "date (10)"),
        ("2017-09-25 17:49:05.0", "date and time (21)"),
        ("2017-09-25T17:49:05", "date and time (19)"),
        ("rahasia", "text (7)"),
    ],
)
def test_a_value_is_told_by_kind_and_length(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


def test_a_name_that_may_be_a_value_is_not_shown() -> None:
    reply = Reply(200, {}, json.dumps({"62812-3456": {"ok name": 1}, "data": [{"a": 1}, {"b": 2}]}).encode())

    assert shape_of(reply) == {"(a name not shown).(a name not shown)": "JSON number", "data[].a": "JSON number"}


def test_an_xml_answer_has_a_shape_too() -> None:
    body = b"<results><result><status>0</status><messageid>17</messageid></result></results>"

    assert shape_of(Reply(200, {}, body)) == {"results[].status": "digits (1)", "results[].messageid": "digits (2)"}


def test_an_answer_without_end_has_a_bounded_shape() -> None:
    assert len(shape_of(Reply(200, {}, json.dumps({f"f{n}": n for n in range(999)}).encode()))) == 60
    assert shape_of(Reply(200, {}, b"[" * 100_000)) == {}
