"""Lists, JSON lines and cursors: the same rows, whatever they are kept in."""

from __future__ import annotations

import io
import sqlite3
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from campaign.lists import opened, rows_of

from airflow_provider_nusawa.campaign.errors import ListUnfit
from airflow_provider_nusawa.campaign.rows import Row
from airflow_provider_nusawa.campaign.sources import from_cursor, from_file, from_list


def test_a_list_may_hold_numbers_and_dicts() -> None:
    rows = list(from_list(["0811", 812, {"number": "0813", "nama": "Budi"}])())

    assert rows == [
        Row(1, "0811", {"number": "0811"}),
        Row(2, 812, {"number": 812}),
        Row(3, "0813", {"number": "0813", "nama": "Budi"}),
    ]


def test_a_list_is_read_from_its_beginning_each_time() -> None:
    source = from_list(["0811"])

    assert list(source()) == list(source())


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param(Decimal("15000.50"), "15000.50", id="decimal"),
        pytest.param(date(2026, 5, 1), "2026-05-01", id="date"),
        pytest.param(datetime(2026, 5, 1, 8, 30), "2026-05-01 08:30:00", id="time"),
        pytest.param(float("nan"), None, id="pandas-nothing"),
        pytest.param(1.5, 1.5, id="float"),
        pytest.param((1, "a"), [1, "a"], id="tuple"),
        pytest.param({1: date(2026, 5, 1)}, {"1": "2026-05-01"}, id="dict"),
    ],
)
def test_a_value_is_what_the_ledger_will_give_back(value: Any, kept: Any) -> None:
    (row,) = from_list([{"number": "0811", "x": value}])()

    assert row.fields["x"] == kept


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        pytest.param({"nama": "Budi"}, "has no 'number'", id="no-number"),
        pytest.param({"number": "0811", "row": 1}, "field 'row'", id="reserved"),
        pytest.param({"number": "0811", "x": "\ud83d"}, "kept as JSON in UTF-8", id="half-an-emoji"),
        pytest.param({"number": "0811", "x": ["\ud83d"]}, "kept as JSON in UTF-8", id="half-an-emoji-inside"),
        pytest.param({"number": "0811", "x": {(1, 2): 3}}, "kept as JSON in UTF-8", id="no-json"),
    ],
)
def test_an_item_that_cannot_be_kept_is_bad(item: dict[str, Any], problem: str) -> None:
    (row,) = from_list([item])()

    assert problem in row.problem


def test_json_lines_are_read_with_their_line_numbers() -> None:
    text = '\ufeff{"number": "0811", "nama": "Budi"}\r\n\r\n{"number": 812}\n{"number": \n"0814"\n[1]\n'
    text += '{"number": "\\ud83d"}'

    rows = rows_of(text)

    assert [(row.line, row.number, row.problem) for row in rows] == [
        (1, "0811", ""),
        (3, 812, ""),
        (4, "", "it is not JSON"),
        (5, "0814", ""),
        (6, [1], ""),
        (7, "", "it holds what cannot be kept as JSON in UTF-8"),
    ]


def test_a_json_array_is_refused() -> None:
    with pytest.raises(ListUnfit, match="JSON lines"):
        rows_of('[{"number": "0811"}]')


def cursor_of(query: str, rows: int = 0) -> Any:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE people (number TEXT, nama TEXT)")
    connection.executemany("INSERT INTO people VALUES (?, ?)", [(f"08{place}", f"N{place}") for place in range(rows)])
    return connection.execute(query)


def test_a_query_is_read_in_batches_with_one_count() -> None:
    rows = list(from_cursor(opened(cursor_of("SELECT * FROM people", 2_500)))())

    assert [row.line for row in rows] == list(range(1, 2_501))
    assert rows[-1] == Row(2_500, "082499", {"number": "082499", "nama": "N2499"})


@pytest.mark.parametrize(
    ("query", "what"),
    [
        pytest.param("SELECT nama, number AS nomor FROM people", "no column is called 'number'", id="no-number"),
        pytest.param("SELECT number, nama, nama FROM people", "two columns", id="twice"),
        pytest.param("DELETE FROM people", "must be a query", id="no-query"),
    ],
)
def test_a_query_that_gives_no_list_is_refused_before_any_row(query: str, what: str) -> None:
    with pytest.raises(ListUnfit, match=what):
        list(from_cursor(opened(cursor_of(query)))())


def test_a_file_is_closed_also_by_who_reads_only_its_beginning() -> None:
    file = io.BytesIO(b"number\n0811\n0812\n")
    rows = from_file(partial(lambda: file))()

    next(rows)
    rows.close()  # type: ignore[attr-defined]

    assert file.closed
