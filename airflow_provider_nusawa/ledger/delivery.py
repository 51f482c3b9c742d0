"""Delivery reports: by message id, in any order, never back. Whose message nobody knows yet waits a week."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.gateway.codes import DeliveryStatus, later_status
from airflow_provider_nusawa.gateway.messages import DeliveryReport, latest_of
from airflow_provider_nusawa.ledger.moving import LOCKED, Row, change, write_changes
from airflow_provider_nusawa.ledger.schema import IS_UNDELIVERED, leases, recipients
from airflow_provider_nusawa.ledger.schema_shared import journal, orphans
from airflow_provider_nusawa.ledger.states import Actor, Delivery, later_delivery, letter_of
from airflow_provider_nusawa.ledger.tx import End, Tx, chunks

ORPHAN_SECONDS = 7 * 86_400.0

_r = recipients.c


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An accepted message whose delivery is still open."""

    id: int
    message_id: str
    api: str
    account: str


def apply_reports(tx: Tx, reports: Iterable[DeliveryReport]) -> int:
    """Put reports on record, however often and in whatever order they come. Return how many named a known message.

    A report of an unknown message is kept for a week: it may have come before the answer to its own send.
    """
    told = latest_of(reports)
    known = _tell_recipients(tx, told) | _tell_journal(tx, told)
    unknown = {message_id: report for message_id, report in told.items() if message_id not in known}
    if unknown:
        # An answer that is being put on record at this moment holds the gate: look again once it stands.
        tx.pass_gate(alone=True)
        late = _tell_recipients(tx, unknown) | _tell_journal(tx, unknown)
        _keep_orphans(tx, [report for message_id, report in unknown.items() if message_id not in late])
        known |= late
    return len(known)


def apply_orphans(tx: Tx, message_ids: Iterable[str]) -> None:
    """Apply the reports that came before these messages were known."""
    rows = tx.run(sa.select(orphans).where(tx.among(orphans.c.message_id, message_ids))).all()
    if rows:
        apply_reports(tx, [_report(row) for row in rows])
        tx.run(sa.delete(orphans).where(tx.among(orphans.c.message_id, [row.message_id for row in rows])))


def undelivered(
    tx: Tx,
    campaign_id: int,
    most: int,
    *,
    asked_before: float,
    posted_after: float = 0.0,
    api: str = "",
    account: str = "",
) -> list[Undelivered]:
    """Return messages whose delivery is open, those asked for longest ago first; note that they are asked for now.

    :param asked_before: Seconds since 1970; who was asked for later is left alone.
    :param posted_after: Seconds since 1970; what was sent before is not asked for any more.
    :param api: Only messages of that dialect, and of that account; empty for all.
    """
    mine = (_r.api == api, leases.c.account == account) if api else ()
    open_ones = (_r.campaign_id == campaign_id, IS_UNDELIVERED, _r.asked_at < asked_before, *mine)
    known = (_r.message_id.is_not(None), _r.posted_at > posted_after)
    query = sa.select(_r.id, _r.message_id, _r.api, leases.c.account).join(leases, leases.c.id == _r.lease)
    query = query.where(*open_ones, *known).order_by(_r.asked_at).limit(most)
    rows = tx.run(query.with_for_update(skip_locked=True, of=recipients)).all()
    for part in chunks(row.id for row in rows):
        tx.run(sa.update(recipients).where(_r.id.in_(part)).values(asked_at=tx.now))
    return [Undelivered(row.id, row.message_id, row.api, row.account) for row in rows]


def is_awaited(tx: Tx, campaign_id: int, *, posted_after: float) -> bool:
    """Whether the delivery of any message that was sent after then is open."""
    open_ones = (_r.campaign_id == campaign_id, IS_UNDELIVERED, _r.posted_at > posted_after)
    return tx.run(sa.select(_r.id).where(*open_ones).limit(1)).first() is not None


def undelivered_elsewhere(tx: Tx, campaign_id: int, *, api: str, account: str) -> int:
    """Count messages whose delivery is open, and that only another dialect or account can be asked for."""
    query = sa.select(sa.func.count()).select_from(recipients).join(leases, leases.c.id == _r.lease)
    elsewhere = sa.or_(_r.api != api, leases.c.account != account)
    return int(tx.run(query.where(_r.campaign_id == campaign_id, IS_UNDELIVERED, elsewhere)).scalar_one())


def drop_old_orphans(tx: Tx) -> int:
    return tx.run(sa.delete(orphans).where(orphans.c.heard_at < tx.now - ORPHAN_SECONDS)).rowcount


def _tell_recipients(tx: Tx, told: dict[str, DeliveryReport]) -> set[str]:
    rows: list[Row] = []
    for part in chunks(told):
        query = sa.select(*LOCKED).where(_r.message_id.in_(part), _r.message_id.is_not(None))
        rows += tx.run(query.order_by(_r.id).with_for_update()).all()
    news = [(row, told[row.message_id]) for row in rows]
    news = [(row, report) for row, report in news if later_delivery(row.delivery, report.status) is not row.delivery]
    if news:
        update = sa.update(recipients).where(_r.id == sa.bindparam("key"))
        values = {"delivery": sa.bindparam("new"), "err_code": sa.bindparam("err"), "changed_at": tx.now}
        tx.run(update.values(values), [_news(row, report) for row, report in news])
        write_changes(tx, [_noted(tx, row, report) for row, report in news])
    return {row.message_id for row in rows}


def _news(row: Row, report: DeliveryReport) -> dict[str, Any]:
    new = later_delivery(row.delivery, report.status)
    return {"key": row.id, "new": new, "err": report.err_code[:64] or None}


def _noted(tx: Tx, row: Row, report: DeliveryReport) -> dict[str, Any]:
    new = later_delivery(row.delivery, report.status)
    tx.count(row.plan_id, row.delivery.value, -1)
    tx.count(row.plan_id, new.value, 1)
    tx.ends += _ends(tx, row, new)
    note = f"err_code {report.err_code[:64]}" if report.err_code else None
    rest = {"message_id": row.message_id, "note": note}
    return change(tx, row.id, new.value, actor=Actor.GATEWAY, try_number=row.tries, **rest)


def _ends(tx: Tx, row: Row, new: Delivery) -> list[End]:
    if letter_of(new).is_delivered:
        return [] if letter_of(row.delivery).is_delivered else [End(tx.now - row.posted_at)]
    return [End(None)] if letter_of(new).is_failed else []


def _tell_journal(tx: Tx, told: dict[str, DeliveryReport]) -> set[str]:
    j = journal.c
    found: list[Any] = []
    for part in chunks(told):
        query = sa.select(j.id, j.message_id, j.letter).where(j.message_id.in_(part), j.message_id != "")
        found += tx.run(query.order_by(j.id).with_for_update()).all()
    for row in found:
        new = later_status(DeliveryStatus(row.letter), told[row.message_id].status)
        if new.value != row.letter:
            tx.run(sa.update(journal).where(j.id == row.id).values(letter=new.value))
    return {row.message_id for row in found}


def _keep_orphans(tx: Tx, reports: Sequence[DeliveryReport]) -> None:
    """Keep the latest by rank: what was known of an orphan is merged, and written anew."""
    if not reports:
        return
    ids = [report.message_id for report in reports]
    known: list[DeliveryReport] = []
    for part in chunks(ids):
        kept = tx.run(sa.select(orphans).where(orphans.c.message_id.in_(part)).with_for_update()).all()
        known += [_report(row) for row in kept]
    rows = [_orphan(tx, report) for report in latest_of([*known, *reports]).values()]
    upsert = tx.insert(orphans)
    latest = {name: upsert.excluded[name] for name in ("letter", "err_code", "heard_at")}
    tx.run(
        upsert.on_conflict_do_update(index_elements=["message_id"], set_=latest),
        sorted(rows, key=lambda row: row["message_id"]),
    )


def _orphan(tx: Tx, report: DeliveryReport) -> dict[str, Any]:
    letter, err_code = report.status.value, report.err_code[:64]
    return {"message_id": report.message_id, "letter": letter, "err_code": err_code, "heard_at": tx.now}


def _report(row: Any) -> DeliveryReport:
    return DeliveryReport(row.message_id, DeliveryStatus(row.letter), err_code=row.err_code)
