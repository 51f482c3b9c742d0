"""Keep secrets out of sight: tell Airflow's masker every spelling of one, and strip our own sentences."""

from __future__ import annotations

import importlib
from typing import Any
from urllib.parse import quote, quote_plus

# 3.1 and later, 3.0, 2.11. common-compat exports it too, but not in 1.20, the last for Python 3.10.
_MASKERS = ("airflow.sdk.log", "airflow.sdk.execution_time.secrets_masker", "airflow.utils.log.secrets_masker")

SHORTEST = 5
"""Airflow masks nothing shorter: a word of four letters is found in too many innocent lines."""


def spellings(secret: str) -> list[str]:
    """Return the secret as it stands in text, in a path, in a query and in a form. No two alike.

    Airflow 3 masks the first alone and 2.11 the first two, while urlencode, as every HTTP library uses it, writes
    the last.
    """
    return list(dict.fromkeys([secret, quote(secret), quote(secret, safe=""), quote_plus(secret)])) if secret else []


def mask(secret: str) -> None:
    """Have Airflow's masker hide the secret in this process's logs and, in a task, in its supervisor's."""
    if secret and (masker := _airflow("mask_secret")):
        masker(spellings(secret))


async def mask_async(secret: str) -> None:
    """As ``mask``, in an event loop, where the plain masker's call to the supervisor could wait for itself."""
    from asgiref.sync import sync_to_async

    masker = _airflow("amask_secret")  # 3.3.2 and later
    if secret and masker:
        await masker(spellings(secret))
    elif secret:
        await sync_to_async(mask)(secret)


def strip(text: str, secret: str) -> str:
    """Return the text with the secret starred in every spelling, for places that Airflow's masker does not see."""
    if len(secret) < SHORTEST:
        return text
    for spelling in sorted(spellings(secret), key=len, reverse=True):
        text = text.replace(spelling, "***")
    return text


def _airflow(name: str) -> Any:
    for module in _MASKERS:
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue  # another Airflow's place
    return None
