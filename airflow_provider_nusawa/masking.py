"""Keep secrets out of sight: tell Airflow's masker every spelling of one."""

from __future__ import annotations

import importlib
from typing import Any

from airflow_provider_nusawa.gateway.settings import Secret

# 3.1 and later, 3.0, 2.11. common-compat exports it too, but not in 1.20, the last for Python 3.10.
_MASKERS = ("airflow.sdk.log", "airflow.sdk.execution_time.secrets_masker", "airflow.utils.log.secrets_masker")


def mask(secret: str) -> None:
    """Have Airflow's masker hide the secret in this process's logs and, in a task, in its supervisor's.

    Of its spellings Airflow 3 masks the plain one alone and 2.11 two, while urlencode, as every HTTP library uses it,
    writes another.
    """
    if secret and (masker := _airflow("mask_secret")):
        masker(Secret(secret).spellings())


async def mask_async(secret: str) -> None:
    """As ``mask``, in an event loop, where the plain masker's call to the supervisor could wait for itself."""
    from asgiref.sync import sync_to_async

    masker = _airflow("amask_secret")  # 3.3.2 and later
    if secret and masker:
        await masker(Secret(secret).spellings())
    elif secret:
        await sync_to_async(mask)(secret)


def _airflow(name: str) -> Any:
    for module in _MASKERS:
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue  # another Airflow's place
    return None
