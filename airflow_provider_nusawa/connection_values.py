"""Read one field of a connection, whatever type it came in: text from a URI, JSON types from the UI, null for unset."""

from __future__ import annotations

import json
from collections.abc import Callable

from airflow_provider_nusawa.connection_fields import Field, Kind
from airflow_provider_nusawa.gateway.errors import InvalidSettings

_TRUE = {"true", "yes", "y", "on", "1"}  # "y" is what Airflow 2.11's form posts for a ticked box
_FALSE = {"false", "no", "n", "off", "0"}


def read_value(field: Field, raw: object) -> object:
    """Return the field's value, or its default where the connection says nothing.

    :raises InvalidSettings: naming the field, what stands in it and what may.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return [] if field.kind is Kind.PHONES else field.default
    return _READERS[field.kind](field, raw)


def read_text(name: str, raw: object) -> str:
    """Return text as it stands; whoever wrote only digits may have got an int."""
    if raw is None:
        return ""
    if isinstance(raw, bool) or not isinstance(raw, (str, int)):
        raise InvalidSettings(f"{name} is not text", field=name)
    return str(raw)


def wrong(name: str, value: object, allowed: str) -> InvalidSettings:
    """Say what stands in a field, and what may."""
    return InvalidSettings(f"{name} is {str(value)[:60]!r}, and must be {allowed}", field=name)


def _text(field: Field, raw: object) -> str:
    return read_text(field.name, raw).strip()


def _choice(field: Field, raw: object) -> str:
    value = str(raw).strip().lower()
    if value not in dict(field.choices):
        raise wrong(field.name, raw, field.allowed)
    return value


def _number(field: Field, raw: object) -> float:
    try:
        value = float(str(raw))
    except ValueError:
        value = float("nan")
    if not field.minimum <= value <= field.maximum:  # nor does NaN pass
        raise wrong(field.name, raw, field.allowed)
    return value


def _flag(field: Field, raw: object) -> bool:
    value = str(raw).strip().lower()
    if value not in _TRUE | _FALSE:
        raise wrong(field.name, raw, field.allowed)
    return value in _TRUE


def _phones(field: Field, raw: object) -> list[object]:
    found = [one for one in _list_of(raw) if not (isinstance(one, str) and not one.strip())]
    if not found:
        # Nobody, or anybody? A safe mode does not guess.
        raise InvalidSettings(f"{field.name} holds no number; name some, or leave it out", field=field.name)
    return found


def _list_of(raw: object) -> list[object]:
    if isinstance(raw, str) and raw.lstrip().startswith("["):
        try:
            raw = json.loads(raw)
        except ValueError:
            return [raw]  # normalising it says what is wrong
    if isinstance(raw, str):
        return [one for line in raw.splitlines() for one in line.replace(";", ",").split(",")]
    return raw if isinstance(raw, list) else [raw]


_READERS: dict[Kind, Callable[[Field, object], object]] = {
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.NUMBER: _number,
    Kind.FLAG: _flag,
    Kind.PHONES: _phones,
}
