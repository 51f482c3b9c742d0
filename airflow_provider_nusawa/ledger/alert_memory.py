"""What a notifier remembers of its recipients, across runs and processes: a small value by key, changed in one step."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.journal_store import mark_of
from airflow_provider_nusawa.ledger.schema_shared import alerts
from airflow_provider_nusawa.ledger.tx import Tx

KEEP_SECONDS = 90 * 86_400.0
"""A memory that nobody has changed for so long is erased."""


def change_memory(tx: Tx, key: str, make: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Replace a value, and return what it was and what it is: nobody else changes it in between.

    :param key: Stands in the ledger as its HMAC under the ledger's secret.
    :param make: Gets the value, None if there is none; it may be called more than once.
    """
    mark = mark_of(tx.ledger, key)
    tx.run(tx.insert(alerts).values(mark=mark, value="null", at=tx.now).on_conflict_do_nothing())
    query = sa.select(alerts.c.value).where(alerts.c.mark == mark).with_for_update()
    before = json.loads(tx.run(query).scalar_one())
    after = make(before)
    tx.run(sa.update(alerts).where(alerts.c.mark == mark).values(value=json.dumps(after), at=tx.now))
    tx.run(sa.delete(alerts).where(alerts.c.at < tx.now - KEEP_SECONDS))
    return before, after
