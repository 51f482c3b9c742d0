"""CSV in the dialects that people have, and the damage that is found by its line."""

from __future__ import annotations

import csv
import io

import pytest
from campaign.lists import rows_of
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_nusawa.campaign.errors import ListUnfit

BUDI = {"number": "0812", "nama": "Budi"}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("number,nama\n0812,Budi\n", id="comma"),
        pytest.param("number;nama\r\n0812;Budi\r\n", id="semicolon-crlf"),
        pytest.param("number\tnama\n0812\tBudi", id="tab-and-no-last-line-end"),
        pytest.param("\ufeffnumber;nama\r\n0812;Budi\r\n", id="byte-order-mark"),
        pytest.param("sep=;\r\nnumber;nama\r\n0812;Budi\r\n", id="excels-hint"),
        pytest.param('"number","nama"\n"0812","Budi"\n', id="quoted"),
        pytest.param(" number , nama \n 0812 , Budi \n", id="padded"),
        pytest.param("number,nama,,\n0812,Budi,,\n", id="nameless-columns"),
        pytest.param("number,nama\n0812,Budi,,\n", id="empty-surplus"),
        pytest.param("\n\nnumber,nama\n\n0812,Budi\n,\n\n", id="empty-lines"),
        pytest.param("number\rnama".replace("\r", ",") + "\r0812,Budi\r", id="old-mac"),
    ],
)
def test_a_dialect_gives_the_same_row(content: str) -> None:
    (row,) = rows_of(content)

    assert (row.number, row.fields, row.problem) == ("0812", BUDI, "")


def test_a_comma_in_a_name_does_not_hide_the_semicolons() -> None:
    (row,) = rows_of("number;nama, lengkap, gelar\n0812;Budi, S.H.\n")

    assert row.fields == {"number": "0812", "nama, lengkap, gelar": "Budi, S.H."}


def test_lines_are_counted_as_an_editor_does() -> None:
    rows = rows_of('number,alamat\n0811,"Jalan\nMerdeka"\n\n0812,x\n')

    assert [(row.line, row.number) for row in rows] == [(2, "0811"), (5, "0812")]


@pytest.mark.parametrize(
    ("content", "number", "lines"),
    [
        pytest.param("08123456789\n08123456780\n", "08123456789", [1, 2], id="without-a-name"),
        pytest.param("sep=,\n6,28E+12\n".replace(",28", "28"), "628E+12", [2], id="excel-number-is-no-name"),
        pytest.param("Nomor HP\n08123456789\n08123456780\n", "08123456789", [2, 3], id="any-name"),
    ],
)
def test_a_file_of_one_column_is_a_list_of_numbers(content: str, number: str, lines: list[int]) -> None:
    rows = rows_of(content)

    assert rows[0].number == number
    assert [row.line for row in rows] == lines


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param("0812,Budi,Bandung", "3 cells, and there are 2 columns", id="too-many"),
        pytest.param("0812", "1 cells, and there are 2 columns", id="too-few"),
        pytest.param('0812,"Budi" Santoso', "quotes do not match", id="quote-in-the-middle"),
    ],
)
def test_a_row_that_does_not_fit_is_bad_and_the_next_is_not(line: str, problem: str) -> None:
    bad, good = rows_of(f"number,nama\n{line}\n0813,Ani\n")

    assert problem in bad.problem
    assert (bad.line, bad.fields) == (2, {})
    assert (good.line, good.number, good.problem) == (3, "0813", "")


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        pytest.param("", 0, "empty", id="nothing"),
        pytest.param("\r\n \n", 0, "empty", id="only-line-ends"),
        pytest.param("number,nama,nama\n", 1, "two columns are called 'nama'", id="twice"),
        pytest.param("nomor,nama\n0812,Budi\n", 1, "no column is called 'number'", id="no-number"),
        pytest.param("number,values\n", 1, "called 'values'", id="reserved"),
        pytest.param("081234567890,Budi\n", 1, "a number where the columns should be named", id="headless"),
        pytest.param('number,nama\n0811,"Budi\n0812,Ani\n', 2, "a quote that opens here", id="swallowed-lines"),
        pytest.param('number,nama\n0811,"Budi\n0812,"Ani"\n', 2, "a quote that opens here", id="swallowed-middle"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(content: str, line: int, what: str) -> None:
    with pytest.raises(ListUnfit, match=what) as caught:
        rows_of(content)

    assert caught.value.line == line


# A lone carriage return goes unquoted by csv.writer where lines end in "\n", and nobody can tell it from a line's end.
CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00\r"), max_size=20)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=6), st.sampled_from(",;\t|"), st.sampled_from(["\r\n", "\n"]))
def test_whatever_is_written_is_read(rows: list[tuple[str, str]], delimiter: str, end: str) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end)
    writer.writerows([("number", "nama"), *rows])

    found = [(row.fields["number"], row.fields["nama"]) for row in rows_of(written.getvalue())]

    stripped = [(number.strip(), name.strip()) for number, name in rows]
    assert found == [row for row in stripped if any(row)]
