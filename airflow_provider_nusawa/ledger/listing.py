"""Looking through a ledger: campaigns by name, and all recipients of one, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.errors import LedgerError
from airflow_provider_nusawa.ledger.plans import plans_read
from airflow_provider_nusawa.ledger.schema import campaigns, ids_of, line_of, plans, recipients
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.ledger.tx import Tx

_PAGE = 5_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_r = recipients.c
SHOWN = (
    _r.number, _r.sending, _r.delivery, _r.tries, _r.code, _r.reason, _r.message_id, _r.api, _r.err_code, _r.posted_at,
    _r.changed_at,
)  # fmt: skip


class NoSuchCampaign(LedgerError):
    """The ledger knows no campaign of that name."""


def all_campaigns(tx: Tx) -> list[tuple[int, str]]:
    """Return id and name of each, the newest first."""
    query = sa.select(campaigns.c.id, campaigns.c.name).order_by(campaigns.c.id.desc())
    return [(row.id, row.name) for row in tx.run(query)]


def find_campaign(tx: Tx, name: str, *, redirected: bool = False) -> int:
    """Return a campaign's number in the ledger.

    :raises NoSuchCampaign: if there is none of that name.
    """
    where = (campaigns.c.name == name, campaigns.c.redirected == sa.literal(redirected))
    found = tx.run(sa.select(campaigns.c.id).where(*where)).scalar_one_or_none()
    if found is None:
        kind = "rehearsal" if redirected else "campaign"
        raise NoSuchCampaign(f"the ledger knows no {kind} named {name!r}")
    return int(found)


def recipients_of(ledger: Ledger, campaign_id: int) -> Iterator[dict[str, Any]]:
    """Stream what is on record of each recipient, a page at a time: nobody waits for a reader, nor memory grows."""
    for plan_id in ledger.read(lambda tx: plans_read(tx, campaign_id)):
        last, end = ids_of(plan_id).start, ids_of(plan_id).stop
        while rows := _page(ledger, last, end):
            yield from map(_whole, rows)
            last = rows[-1].id


def some_of(
    tx: Tx, campaign_id: int, most: int, *, state: Sending | None = None, after: int = 0
) -> list[dict[str, Any]]:
    """Return the next recipients of a campaign in the order of its lists, for a page.

    :param after: The ``id`` of the last one on the page before.
    """
    found: list[dict[str, Any]] = []
    for plan_id in plans_read(tx, campaign_id):
        first, end = max(after, ids_of(plan_id).start), ids_of(plan_id).stop
        query = sa.select(_r.id, *SHOWN).where(_r.id > first, _r.id < end).order_by(_r.id)
        query = query if state is None else query.where(_r.sending == state)
        rows = tx.run(query.limit(most - len(found))).all() if first < end else []
        found += [_whole(row) for row in rows]
        if len(found) == most:
            break
    return found


def find_recipient(tx: Tx, campaign_id: int, number: str) -> dict[str, Any] | None:
    """Return what is on record of one normalised number, also of one that was erased since."""
    query = sa.select(_r.id, *SHOWN).where(_r.person == tx.ledger.person(number), _r.campaign_id == campaign_id)
    row = tx.run(query).one_or_none()
    return None if row is None else _whole(row)


def harmless(cell: Any) -> Any:
    """Return a cell as it may stand in a CSV: no spreadsheet takes it for a formula, whatever the gateway has said."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def unknown_of(tx: Tx, campaign_id: int) -> dict[str, int]:
    """Return the unknown ones by number: to be resolved."""
    mine = sa.select(plans.c.id).where(plans.c.campaign_id == campaign_id)
    query = sa.select(_r.number, _r.id).where(_r.plan_id.in_(mine), _r.sending == Sending.UNKNOWN)
    return {row.number: row.id for row in tx.run(query) if row.number}


def _page(ledger: Ledger, last: int, end: int) -> list[Any]:
    query = sa.select(_r.id, *SHOWN).where(_r.id > last, _r.id < end).order_by(_r.id).limit(_PAGE)
    return ledger.read(lambda tx: list(tx.run(query).all()))


def _whole(row: Any) -> dict[str, Any]:
    shown = {column.name: getattr(row, column.name) for column in SHOWN}
    states = {"sending": row.sending.value, "delivery": row.delivery.value}
    return {"line": line_of(row.id), "id": row.id, **shown, **states}
