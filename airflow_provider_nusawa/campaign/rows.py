"""Rows of a list, whatever it is kept in: a line number, the columns, or what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from airflow_provider_nusawa.campaign.errors import ListUnfit
from airflow_provider_nusawa.ledger.compact_json import compact

RESERVED = ("values", "row")
"""What the text's template knows beside the columns: so no column may be called that."""


class Row(NamedTuple):
    """One row of a list.

    :param line: Where it begins, from 1 and each only once.
    :param number: As somebody wrote it, or as a program gave it.
    :param fields: All its columns, as JSON can hold them.
    :param problem: Why it cannot be read at all; empty if it can.
    """

    line: int
    number: Any
    fields: dict[str, Any]
    problem: str = ""


Source = Callable[[], Iterator[Row]]
"""Reads a list from its beginning, each time it is called; nothing is opened before the first row is asked for."""

_PLAIN = frozenset({bool, int, type(None)})
_NOTHING = frozenset({"NAType", "NaTType"})  # what pandas has for nothing, besides the float that is no number


def check_columns(names: Sequence[str], number_field: str, *, line: int = 0) -> str:
    """Return the column that holds the number: the one asked for, or the only one there is.

    :raises ListUnfit: if it is missing, or a name stands twice or for something else.
    """
    for name in names:
        if names.count(name) > 1:
            raise ListUnfit(f"two columns are called {name!r}: which of them the text means cannot be told", line=line)
        if name in RESERVED:
            raise ListUnfit(f"a column is called {name!r}, which means something else in the text", line=line)
    if number_field in names:
        return number_field
    if len(names) == 1:
        return names[0]
    what = f"no column is called {number_field!r} (number_field); there are {', '.join(names)}"
    raise ListUnfit(what, line=line)


def row_of(line: int, item: Any, number_field: str) -> Row:
    """Return the row that a dict is, or a bare number."""
    if not isinstance(item, Mapping):
        return Row(line, item, {number_field: item} if isinstance(item, (str, int)) else {})
    if number_field not in item:
        return Row(line, "", {}, f"it has no {number_field!r} (number_field)")
    if taken := [name for name in RESERVED if name in item]:
        return Row(line, "", {}, f"it has a field {taken[0]!r}, which means something else in the text")
    try:
        return Row(line, item[number_field], plain(item))
    except (ValueError, TypeError, RecursionError):
        return Row(line, "", {}, "it holds what cannot be kept as JSON in UTF-8")


def plain(fields: Mapping[Any, Any]) -> dict[str, Any]:
    """Return fields as the ledger will give them back: dates and decimals as text, what is not a number as nothing.

    :raises ValueError: for what no database or no JSON can hold; TypeError and RecursionError likewise.
    """
    return {str(name): _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is str:
        if not value.isascii():
            value.encode()  # half a surrogate pair would fail in the database, and take the whole batch with it
        return value
    if isinstance(value, float):
        return float(value) if value == value else None  # noqa: PLR0124 - only NaN differs from itself
    if kind.__name__ in _NOTHING:
        return None
    text = compact(value)
    text.encode()
    return json.loads(text)
