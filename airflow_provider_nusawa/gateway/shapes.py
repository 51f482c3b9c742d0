"""What stands in an answer, told without telling it: which fields, and of what kind each is."""

from __future__ import annotations

import json
import re
from typing import Any

from airflow_provider_nusawa.gateway.bodies import read_records
from airflow_provider_nusawa.gateway.exchange import Reply

Shape = dict[str, str]
"""Kinds by the path of a field, such as ``results[].status``."""

_KINDS = [
    ("empty text", re.compile(r"")),
    ("letter", re.compile(r"[A-Za-z]")),
    ("digits", re.compile(r"\d+")),
    ("negative number", re.compile(r"-\d+")),
    ("number", re.compile(r"-?[\d.,]+")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("date and time", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?")),
]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_MOST_FIELDS = 60


def shape_of(reply: Reply) -> Shape:
    """Return the fields of a JSON or XML answer; nothing for any other."""
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        records = read_records(reply.body)
        body = {"results": records} if records else None
    shape: Shape = {}
    _walk(body, "", shape)
    return shape


def _walk(value: Any, path: str, shape: Shape) -> None:
    if len(shape) >= _MOST_FIELDS:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            # A name that is none may be a value: a number, a key.
            safe = name if _NAME.fullmatch(name) else "(a name not shown)"
            _walk(inner, f"{path}.{safe}".lstrip("."), shape)
    elif isinstance(value, list):
        for inner in value[:1]:
            _walk(inner, f"{path}[]", shape)
    elif path:
        shape[path] = kind_of(value)


def kind_of(value: Any) -> str:
    """Return what a value is, and how long, but not what it says. ``is_kind`` reads it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return "JSON number"
    text = str(value).strip()
    kind = next((kind for kind, pattern in _KINDS if pattern.fullmatch(text)), "text")
    return f"{kind} ({len(text)})" if text else kind


def is_kind(told: str, kinds: tuple[str, ...]) -> bool:
    return told.partition(" (")[0] in kinds
