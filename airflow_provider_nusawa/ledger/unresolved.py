"""What may tell what became of unknown recipients: who they are, and the messages that nobody here has sent."""

from __future__ import annotations

import json
from dataclasses import dataclass

import sqlalchemy as sa

from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.journal_store import journal_of
from airflow_provider_nusawa.ledger.schema import campaigns, changes, plans, recipients
from airflow_provider_nusawa.ledger.schema_shared import journal, orphans
from airflow_provider_nusawa.ledger.states import PERHAPS_SENT, Sending
from airflow_provider_nusawa.ledger.tx import Tx
from airflow_provider_nusawa.ledger.work import Claimed

_r = recipients.c


@dataclass(frozen=True, slots=True)
class Unresolved:
    """One who perhaps got a message.

    :param claimed: As when the message was composed, so that it can be composed again.
    :param posted_at: When the last request began, in seconds since 1970.
    :param api: The dialect that it was made in: no other knows of the message.
    """

    claimed: Claimed
    posted_at: float
    api: str


def campaign_of(tx: Tx, campaign_id: int) -> Campaign:
    row = tx.run(sa.select(campaigns).where(campaigns.c.id == campaign_id)).one()
    known = {name: getattr(row, name) for name in Campaign.__dataclass_fields__ if name in row._mapping}
    return Campaign(**known)


def unresolved_of(tx: Tx, campaign_id: int) -> list[Unresolved]:
    """Return the unknown ones whose number has not been erased."""
    mine = sa.select(plans.c.id).where(plans.c.campaign_id == campaign_id)
    query = sa.select(recipients).where(_r.plan_id.in_(mine), _r.sending == Sending.UNKNOWN, _r.number.is_not(None))
    return [
        Unresolved(
            Claimed(row.id, row.plan_id, row.number, json.loads(row.fields or "{}"), row.tries, row.setbacks),
            row.posted_at or 0.0,
            row.api,
        )
        for row in tx.run(query.order_by(_r.id))
    ]


def is_unknown_elsewhere(tx: Tx, number: str, campaign_id: int) -> bool:
    """Whether another campaign or a single send has an unknown message to this number: a match may be that one."""
    others = (_r.person == tx.ledger.person(number), _r.campaign_id != campaign_id)
    open_ones = _r.sending.in_(PERHAPS_SENT - {Sending.ACCEPTED})
    if tx.run(sa.select(_r.id).where(*others, open_ones).limit(1)).first() is not None:
        return True
    return any(line["outcome"] is Outcome.UNKNOWN for line in journal_of(tx, number))


def orphans_since(tx: Tx, since: float, most: int) -> list[str]:
    """Return the messages that nobody here has sent, of which was heard since then; the first heard of first."""
    query = sa.select(orphans.c.message_id).where(orphans.c.heard_at >= since).order_by(orphans.c.heard_at)
    return list(tx.run(query.limit(most)).scalars())


def known_among(tx: Tx, message_ids: list[str]) -> set[str]:
    """Return those of these messages that are on record as somebody's own: a single send's, or any try's."""
    columns = (_r.message_id, changes.c.message_id, journal.c.message_id)
    return {
        one for column in columns for one in tx.run(sa.select(column).where(tx.among(column, message_ids))).scalars()
    }
