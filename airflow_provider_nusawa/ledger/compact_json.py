"""JSON as short as it gets, for a row's columns: a million times in one list."""

from __future__ import annotations

import json
from collections.abc import Callable
from json import encoder
from typing import Any


def _encoder() -> Callable[[Any], str]:
    slow = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str, check_circular=False)
    try:
        # JSONEncoder makes one of these for each value, which takes as long as the value itself. Not documented.
        make = getattr(encoder, "c_make_encoder")  # noqa: B009 - the type checker does not know it
        quick = make(None, str, encoder.encode_basestring, None, ":", ",", False, False, True)
    except (AttributeError, TypeError):
        return slow.encode
    return lambda value: "".join(quick(value, 0))


compact: Callable[[Any], str] = _encoder()
"""Encode; what JSON does not know, such as a date, becomes text. A value that holds itself raises RecursionError."""
