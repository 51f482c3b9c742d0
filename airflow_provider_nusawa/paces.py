"""The pace of a connection's clients: one for all senders that share a ledger, where one is named."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL

from airflow_provider_nusawa import ledgers
from airflow_provider_nusawa.gateway.pace import pace_of
from airflow_provider_nusawa.ledger.shared_pace import SharedPace
from airflow_provider_nusawa.ledger.store import open_ledger

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseHook

    from airflow_provider_nusawa.gateway.settings import Settings

log = logging.getLogger(__name__)

# By process: what a fork inherits, such as connections and locks, it cannot use.
_paces: dict[tuple[int, URL, str], SharedPace] = {}


def shared_pace(settings: Settings) -> SharedPace | None:
    """Return the account's pace in its ledger; None where none is named, or its connection cannot be read.

    Nothing is asked of the ledger before the first call.
    """
    if not ledgers.is_named(settings):
        return None
    try:
        return pace_at(ledgers.place_of(settings), settings)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it says so where the ledger is needed
        _say(error)
        return None


async def shared_pace_async(hook: BaseHook, settings: Settings) -> SharedPace | None:
    """As ``shared_pace``, without blocking the event loop."""
    if not ledgers.is_named(settings):
        return None
    try:
        return pace_at(await ledgers.place_of_async(hook, settings), settings)
    except Exception as error:  # noqa: BLE001 - as above
        _say(error)
        return None


def pace_at(place: URL, settings: Settings) -> SharedPace:
    """Return the account's pace in the ledger that lies there."""
    key = (os.getpid(), place, settings.account)
    if key not in _paces:
        alone = pace_of(settings.account, settings.rate_per_second)
        _paces[key] = SharedPace(lambda: open_ledger(place), settings.account, settings.rate_per_second, alone=alone)
    _paces[key].rate_per_second = settings.rate_per_second  # it may have been changed in the connection
    return _paces[key]


def _say(error: Exception) -> None:
    what = getattr(error, "what", type(error).__name__)
    log.warning("Calls keep this process's own pace, because the ledger cannot be found: %s", what)
