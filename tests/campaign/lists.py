"""Lists for tests, in one line each."""

from __future__ import annotations

import io
from contextlib import nullcontext
from functools import partial
from typing import Any

from airflow_provider_nusawa.campaign.rows import Row, Source
from airflow_provider_nusawa.campaign.sources import from_file


def file_of(content: str | bytes, number_field: str = "number") -> Source:
    """Return the source that a file of this content is."""
    data = content if isinstance(content, bytes) else content.encode()
    return from_file(partial(io.BytesIO, data), number_field)


def rows_of(content: str | bytes, number_field: str = "number") -> list[Row]:
    return list(file_of(content, number_field)())


def opened(value: Any) -> Any:
    """Return what opens a value, as a context."""
    return partial(nullcontext, value)
