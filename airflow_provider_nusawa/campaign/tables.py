"""CSV as people have it: by comma, semicolon or tab, from Excel or not, one row at a time."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from airflow_provider_nusawa.campaign.errors import ListUnfit
from airflow_provider_nusawa.campaign.rows import Row, check_columns

_DELIMITERS = ",;\t|"
_LIKE_A_NUMBER = re.compile(r"[^A-Za-z]*([0-9]{3}[^A-Za-z]*|[0-9]E\+?[0-9]+)", re.IGNORECASE)


def read_table(lines: Iterator[str], number_field: str) -> Iterator[Row]:
    """Yield the rows of a CSV whose first line names the columns; a mere list of numbers needs no such line.

    Empty rows are none. A row of too many cells, or too few, is one that cannot be read.

    :raises ListUnfit: for a file whose columns cannot be told, or in which a quote swallows lines.
    """
    before, first = _first_line(lines)
    delimiter, names = _columns(first, number_field)
    reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
    names = [number_field] if _is_headless(names, number_field) else _header(reader, before + 1)
    end = before + reader.line_num
    number_column = check_columns([name for name in names if name], number_field, line=before + 1)
    yield from _rows(reader, names, number_column, before=before, end=end)


def _first_line(lines: Iterator[str]) -> tuple[int, str]:
    """Return the line that names the columns, and how many stand before it."""
    for before, line in enumerate(lines):
        is_hint = before == 0 and line.lower().startswith("sep=")  # Excel's own; the names tell as much
        if line.strip() and not is_hint:
            return before, line
    raise ListUnfit("it is empty: not even its columns are named")


def _columns(first: str, number_field: str) -> tuple[str, list[str]]:
    """Return the delimiter by which the number's column is found; else the one that gives most columns."""
    splits = {mark: _names(next(csv.reader([first], delimiter=mark))) for mark in _DELIMITERS}
    return max(splits.items(), key=lambda split: (number_field in split[1], len(split[1])))


def _names(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells]


def _is_headless(names: list[str], number_field: str) -> bool:
    """Whether the first line is a number already.

    :raises ListUnfit: if more stands beside it, whose names only the author knows.
    """
    if number_field in names or not any(map(_LIKE_A_NUMBER.fullmatch, names)):
        return False
    if len(names) > 1:
        raise ListUnfit("it holds a number where the columns should be named: add a first line of names", line=1)
    return True


def _header(reader: Any, line: int) -> list[str]:
    try:
        return _names(next(reader))
    except csv.Error as error:
        raise ListUnfit(f"the names of the columns cannot be read ({error})", line=line) from error


def _rows(reader: Any, names: list[str], number_column: str, *, before: int, end: int) -> Iterator[Row]:
    width, has_nameless = len(names), "" in names
    while True:
        try:
            for cells in reader:
                line, end = end + 1, before + reader.line_num
                problem = "" if len(cells) == width else _ragged(cells, width)
                fields = dict(zip(names, map(str.strip, cells), strict=False))
                if has_nameless:
                    fields.pop("", None)
                if problem:
                    yield Row(line, "", {}, problem)
                elif any(fields.values()):
                    yield Row(line, fields[number_column], fields)
        except csv.Error as error:
            line, end = end + 1, before + reader.line_num
            yield _malformed(line, end, error)
        else:
            return


def _ragged(cells: list[str], width: int) -> str:
    """Return what is wrong with a row of another width; nothing if it is empty, or only what is too much of it is."""
    surplus = cells[width:] if len(cells) > width else cells
    return f"it has {len(cells)} cells, and there are {width} columns" if any(map(str.strip, surplus)) else ""


def _malformed(line: int, end: int, error: csv.Error) -> Row:
    if end > line:
        # Who knows how many people stand in between.
        raise ListUnfit(f"a quote that opens here is not closed as it should be, up to line {end} ({error})", line=line)
    return Row(line, "", {}, f"its quotes do not match ({error})")
