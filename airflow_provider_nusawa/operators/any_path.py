"""A path as a task's arguments name it: on this machine, or in an object store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath


def path_of(named: str | Path | ObjectStoragePath) -> Any:
    """Return what can be opened: an ``ObjectStoragePath`` for what has a scheme, else a ``Path``, ``~`` expanded."""
    if "://" not in str(named):
        return Path(str(named)).expanduser()
    if not isinstance(named, str):
        return named
    from airflow.providers.common.compat.sdk import ObjectStoragePath  # loads fsspec

    return ObjectStoragePath(named)
