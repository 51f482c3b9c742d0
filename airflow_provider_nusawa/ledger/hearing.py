"""What callbacks have told: of messages that somebody waits for, and whether any come at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport, latest_of
from airflow_provider_nusawa.ledger.schema import recipients
from airflow_provider_nusawa.ledger.schema_shared import journal, meta, orphans
from airflow_provider_nusawa.ledger.states import letter_of
from airflow_provider_nusawa.ledger.tx import Tx, chunks

QUIET_SECONDS = 3600.0
"""A receiver that has heard nothing for so long may be gone: then the gateway is asked as if there were none."""

MOST_ORPHANS = 200_000
"""Reports of unknown messages that are kept: some 20 MB."""

_NOTE_EVERY_SECONDS = 30.0


def note_heard(tx: Tx) -> None:
    """Note that a callback came just now."""
    stale = sa.or_(meta.c.heard_at.is_(None), meta.c.heard_at < tx.now - _NOTE_EVERY_SECONDS)
    tx.run(sa.update(meta).where(stale).values(heard_at=tx.now))


def is_hearing(tx: Tx) -> bool:
    """Whether callbacks come, by the newest of them."""
    heard_at = tx.run(sa.select(meta.c.heard_at)).scalar_one()
    return heard_at is not None and heard_at > tx.now - QUIET_SECONDS


def drop_surplus_orphans(tx: Tx, most: int = MOST_ORPHANS) -> int:
    """Forget the oldest of what was told of unknown messages, however young, beyond so many."""
    heard_at = orphans.c.heard_at
    newest_surplus = sa.select(heard_at).order_by(heard_at.desc()).offset(most).limit(1).scalar_subquery()
    return tx.run(sa.delete(orphans).where(heard_at <= newest_surplus)).rowcount


def told_of(tx: Tx, message_ids: Iterable[str]) -> list[DeliveryReport]:
    """Return what has been told of these messages, whoever sent them; nothing for those of which nothing was."""
    told = latest_of(
        report
        for part in chunks(message_ids)
        for report in (*_of_recipients(tx, part), *_of(tx, journal, part), *_of(tx, orphans, part))
    )
    return [report for report in told.values() if report.status is not DeliveryStatus.NONE]


def _of_recipients(tx: Tx, part: list[str]) -> list[DeliveryReport]:
    r = recipients.c
    query = sa.select(r.message_id, r.delivery, r.err_code).where(r.message_id.in_(part), r.message_id.is_not(None))
    return [_report(row.message_id, letter_of(row.delivery).value, row.err_code) for row in tx.run(query)]


def _of(tx: Tx, table: sa.Table, part: list[str]) -> list[DeliveryReport]:
    err_code = table.c.get("err_code", sa.literal(""))
    query = sa.select(table.c.message_id, table.c.letter, err_code.label("err_code"))
    return [
        _report(row.message_id, row.letter, row.err_code) for row in tx.run(query.where(table.c.message_id.in_(part)))
    ]


def _report(message_id: str, letter: str, err_code: Any) -> DeliveryReport:
    return DeliveryReport(message_id, DeliveryStatus(letter), letter=letter, err_code=err_code or "")
