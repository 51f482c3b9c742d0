"""Where recipients come from: a list, a file, a cursor. Each is read row by row, and from its beginning each time."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

from airflow_provider_nusawa.campaign.errors import ListUnfit
from airflow_provider_nusawa.campaign.parquet import MAGIC, read_parquet
from airflow_provider_nusawa.campaign.rows import Row, Source, check_columns, row_of
from airflow_provider_nusawa.campaign.streams import decompressed, head, lines_of
from airflow_provider_nusawa.campaign.tables import read_table

NUMBER_FIELD = "number"
_AT_ONCE = 1_000


def from_list(recipients: Iterable[Any], number_field: str = NUMBER_FIELD) -> Source:
    """Read numbers, or dicts that hold one under ``number_field``. Lines are counted from 1."""
    return lambda: (row_of(line, item, number_field) for line, item in enumerate(recipients, 1))


def from_file(open_file: Callable[[], AbstractContextManager[BinaryIO]], number_field: str = NUMBER_FIELD) -> Source:
    """Read CSV, JSON lines or Parquet, the first two compressed or not: told by how it begins.

    :param open_file: Returns the file opened for bytes: ``partial(path.open, "rb")`` of any kind of path.
    """

    def rows() -> Iterator[Row]:
        with open_file() as stream:
            yield from _rows_of(stream, number_field)

    return rows


def from_cursor(open_cursor: Callable[[], AbstractContextManager[Any]], number_field: str = NUMBER_FIELD) -> Source:
    """Read what a query returned, one batch at a time; for lists that do not fit the memory take a server-side cursor.

    :param open_cursor: Returns a DB-API cursor on which the query has been executed.
    """

    def rows() -> Iterator[Row]:
        with open_cursor() as cursor:
            yield from _rows_of_query(cursor, number_field)

    return rows


def _rows_of(stream: BinaryIO, number_field: str) -> Iterator[Row]:
    inner = decompressed(stream)
    start = head(inner)
    if start.startswith(MAGIC):
        yield from read_parquet(stream, number_field)
    elif b"\0" in start:
        raise ListUnfit("it holds NUL bytes: it is neither CSV nor JSON lines nor Parquet")
    else:
        yield from _READERS.get(start.removeprefix(BOM_UTF8).lstrip()[:1], read_table)(lines_of(inner), number_field)


def _rows_of_query(cursor: Any, number_field: str) -> Iterator[Row]:
    names = [column[0] for column in cursor.description or ()]
    if not names:
        raise ListUnfit("the statement returns no rows: it must be a query")
    number_column = check_columns(names, number_field)
    line = 0
    while batch := cursor.fetchmany(_AT_ONCE):
        for line, cells in enumerate(batch, line + 1):  # noqa: B020 - it goes on where the last batch ended
            yield row_of(line, dict(zip(names, cells, strict=True)), number_column)


def _read_json_lines(lines: Iterable[str], number_field: str) -> Iterator[Row]:
    for line, text in enumerate(lines, 1):
        try:
            item = json.loads(text)
        except ValueError:
            if text.strip():
                yield Row(line, "", {}, "it is not JSON")
        else:
            yield row_of(line, item, number_field)


def _refuse_array(lines: Iterator[str], number_field: str) -> Iterator[Row]:
    raise ListUnfit("it is a JSON array, which cannot be read row by row: write one object a line (JSON lines)")


_READERS = {b"{": _read_json_lines, b"[": _refuse_array}
