"""Campaigns by name: one text to many, the same text for as long as the campaign lives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.errors import CampaignChanged
from airflow_provider_nusawa.ledger.schema import campaigns
from airflow_provider_nusawa.ledger.tx import Tx


@dataclass(frozen=True, slots=True)
class Campaign:
    """One message to many, under the id that its author gave it.

    :param redirected: Whether it is a rehearsal under ``redirect_to``: nobody in it has been messaged.
    """

    id: int
    name: str
    template: str = field(repr=False)
    redirected: bool = False


def begin_campaign(tx: Tx, name: str, template: str, *, redirected: bool = False) -> Campaign:
    """Return the campaign of that name, begun now if there is none.

    :raises CampaignChanged: if it began with another text.
    """
    digest = hashlib.sha256(template.encode()).hexdigest()
    new = {"name": name, "redirected": redirected, "template": template, "template_digest": digest}
    tx.run(tx.insert(campaigns).values(created_at=tx.now, **new).on_conflict_do_nothing())
    row = tx.run(
        sa.select(campaigns).where(campaigns.c.name == name, campaigns.c.redirected == sa.literal(redirected))
    ).one()
    if row.template_digest != digest:
        raise CampaignChanged(f"campaign {name!r} began with another text than this one")
    return Campaign(row.id, name, template, redirected)
