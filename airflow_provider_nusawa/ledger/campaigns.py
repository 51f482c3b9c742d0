"""Campaigns by name: one text to many, the same text for as long as the campaign lives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.errors import CampaignChanged
from airflow_provider_nusawa.ledger.plans import give_up_dead, has_elders
from airflow_provider_nusawa.ledger.schema import campaigns
from airflow_provider_nusawa.ledger.tx import Tx


@dataclass(frozen=True, slots=True)
class Campaign:
    """One message to many, under the id that its author gave it.

    :param redirected: Whether it is a rehearsal under ``redirect_to``: nobody in it has been messaged.
    :param media_url: The template of what goes with the text; empty if nothing does.
    """

    id: int
    name: str
    template: str = field(repr=False)
    redirected: bool = False
    media_url: str = field(default="", repr=False)


def begin_campaign(tx: Tx, name: str, template: str, *, media_url: str = "", redirected: bool = False) -> Campaign:
    """Return the campaign of that name, begun now if there is none.

    Until a list has been planned with its text, the text may be mended: nobody has got the other one.

    :raises CampaignChanged: if it was planned with another text.
    :raises PlanBusy: if another runner is just reading a list for another text.
    """
    digest = digest_of(template, media_url)
    words = {"template": template, "media_url": media_url, "template_digest": digest}
    new = {"name": name, "redirected": redirected, **words}
    tx.run(tx.insert(campaigns).values(created_at=tx.now, **new).on_conflict_do_nothing())
    mine = (campaigns.c.name == name, campaigns.c.redirected == sa.literal(redirected))
    row = tx.run(sa.select(campaigns).where(*mine).with_for_update()).one()
    if row.template_digest != digest:
        if has_elders(tx, row.id):
            raise CampaignChanged(f"campaign {name!r} began with another text than this one")
        give_up_dead(tx, row.id)
        tx.run(sa.update(campaigns).where(campaigns.c.id == row.id).values(words))
    return Campaign(row.id, name, template, redirected, media_url)


def check_text_stands(tx: Tx, campaign: Campaign) -> None:
    """Raise CampaignChanged if the text was mended since this campaign was begun with it."""
    query = sa.select(campaigns.c.template_digest).where(campaigns.c.id == campaign.id).with_for_update()
    if tx.run(query).scalar_one() != digest_of(campaign.template, campaign.media_url):
        raise CampaignChanged(f"campaign {campaign.name!r} was given another text while its list was read")


def digest_of(template: str, media_url: str) -> str:
    return hashlib.sha256("\0".join(filter(None, (template, media_url))).encode()).hexdigest()
