"""Parquet: rows like any other list's, and a reason where it cannot be read."""

from __future__ import annotations

import errno
import gzip
import io
import sys
from contextlib import suppress
from datetime import date
from typing import Any

import pyarrow
import pytest
from campaign.lists import rows_of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from airflow_provider_nusawa.campaign.errors import ListUnfit
from airflow_provider_nusawa.campaign.parquet import read_parquet


def parquet_of(columns: dict[str, list[Any]]) -> bytes:
    written = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), written, row_group_size=700)
    return written.getvalue()


PEOPLE = parquet_of({"number": [f"08{place}" for place in range(1_500)], "lahir": [date(2000, 5, 1)] * 1_500})


def test_it_is_read_across_its_row_groups() -> None:
    rows = rows_of(PEOPLE)

    assert [row.line for row in rows] == list(range(1, 1_501))
    assert rows[-1].fields == {"number": "081499", "lahir": "2000-05-01"}


@pytest.mark.parametrize("cut", [slice(0, 400), slice(0, -4)])
def test_what_is_damaged_is_refused(cut: slice) -> None:
    with pytest.raises(ListUnfit, match="damaged"):
        rows_of(PEOPLE[cut])


@settings(deadline=None, max_examples=200)
@example(place=7648, garbage=b"\x00\x00-")  # a date that is none
@given(place=st.integers(4, len(PEOPLE) - 8), garbage=st.binary(min_size=1, max_size=40))
def test_damage_anywhere_is_told_as_damage(place: int, garbage: bytes) -> None:
    damaged = PEOPLE[:place] + garbage + PEOPLE[place + len(garbage) :]

    with suppress(ListUnfit):  # what only changes a name or a number cannot be seen
        rows_of(damaged)


class Storage(io.BytesIO):
    """Holds PEOPLE, and counts the reads; with an ``error``, so many go well and the rest raise it."""

    def __init__(self, error: Exception | None = None, good: int = 0) -> None:
        super().__init__(PEOPLE)
        self.reads, self._error, self._good = 0, error, good

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        if self._error and self.reads > self._good:
            raise self._error
        return super().read(size)


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "disk"), ConnectionResetError("storage")], ids=["disk", "network"]
)
@pytest.mark.parametrize("good", [0, 2], ids=["at-once", "amid"])
def test_a_storage_that_fails_is_not_called_damage(error: OSError, good: int) -> None:
    with pytest.raises(type(error)):
        list(read_parquet(Storage(error, good), "number"))


def test_nothing_is_read_ahead_of_who_asks_for_the_rows() -> None:
    storage = Storage()

    reads = [storage.reads for _ in read_parquet(storage, "number")]

    assert reads[0] == reads[699] < reads[700] == reads[1_399] < reads[1_400]


def test_a_stream_that_goes_only_forward_is_refused() -> None:
    class Forward(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(ListUnfit, match="only forward"):
        next(read_parquet(Forward(PEOPLE), "number"))


def test_who_has_no_pyarrow_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(ListUnfit, match=r"pip install 'airflow-provider-nusawa\[parquet\]'"):
        rows_of(PEOPLE)


def test_without_the_column_of_numbers_it_is_refused() -> None:
    with pytest.raises(ListUnfit, match="no column is called 'number'"):
        rows_of(parquet_of({"nomor": ["0811"], "nama": ["Budi"]}))


def test_compressed_as_a_whole_it_is_refused() -> None:
    with pytest.raises(ListUnfit):
        rows_of(gzip.compress(PEOPLE))
