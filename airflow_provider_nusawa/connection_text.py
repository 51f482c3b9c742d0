"""A connection out of text, as ``AIRFLOW_CONN_…`` holds it: JSON or a URI. Needs no Airflow."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from airflow_provider_nusawa.gateway.errors import InvalidSettings


@dataclass(frozen=True)
class Written:
    """The fields of a connection that are read."""

    host: Any = None
    login: Any = None
    password: Any = field(default=None, repr=False)
    port: Any = None
    extra: Any = None


def is_written_out(text: str) -> bool:
    """Whether this is a connection itself, and not the id of one."""
    return text.lstrip().startswith("{") or "://" in text


def read_connection(text: str) -> Written:
    """Return the connection that a text holds.

    :raises InvalidSettings: without what it says, for it holds a password.
    """
    try:
        return _of_json(text) if text.lstrip().startswith("{") else _of_uri(text.strip())
    except (ValueError, TypeError):
        what = "the connection is neither JSON nor a URI, as AIRFLOW_CONN_… would hold it"
        raise InvalidSettings(what, field="connection") from None


def _of_json(text: str) -> Written:
    value = json.loads(text)
    return Written(**{name: value.get(name) for name in ("host", "login", "password", "port", "extra")})


def _of_uri(text: str) -> Written:
    parts = urlsplit(text)
    if not parts.scheme:
        raise ValueError("no scheme")
    login, _, where = parts.netloc.rpartition("@")
    name, _, password = login.partition(":")
    host, colon, port = where.rpartition(":")
    if not colon or not port.isdecimal():
        host, port = where, ""
    extra = dict(parse_qsl(parts.query, keep_blank_values=True))
    whole = extra.pop("__extra__", None)
    return Written(unquote(host), unquote(name), unquote(password), port or None, whole or extra)
