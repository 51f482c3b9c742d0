"""What the record says in advance of people on a list that nobody has planned yet. It changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.schema import WAS_READ, campaigns, plans, recipients, tallies
from airflow_provider_nusawa.ledger.states import PERHAPS_SENT
from airflow_provider_nusawa.ledger.tx import Tx, chunks

DAY_SECONDS = 86_400.0

_r = recipients.c


def planned_campaign(tx: Tx, name: str, *, redirected: bool = False) -> int | None:
    """Return the number of a campaign of which some list has been read to its end."""
    where = (campaigns.c.name == name, campaigns.c.redirected == sa.literal(redirected))
    query = sa.select(campaigns.c.id).join(plans, plans.c.campaign_id == campaigns.c.id)
    return tx.run(query.where(*where, WAS_READ).limit(1)).scalar()


def campaign_sent_by(tx: Tx, run_key: str, *, redirected: bool = False) -> str:
    """Return the name of the campaign whose list a run has read, and of which somebody was sent to; else empty."""
    query = sa.select(campaigns.c.name).join(plans, plans.c.campaign_id == campaigns.c.id)
    query = query.join(tallies, tallies.c.plan_id == plans.c.id)
    own = (plans.c.run_key == run_key, campaigns.c.redirected == sa.literal(redirected))
    sent = tallies.c.state.in_([state.value for state in PERHAPS_SENT])
    found = tx.run(query.where(*own, sent).group_by(campaigns.c.id, campaigns.c.name).having(_some(tallies.c.n)))
    return found.scalars().first() or ""


def known_among(tx: Tx, campaign_id: int, persons: Sequence[int]) -> set[int]:
    """Return those whom a campaign has already."""
    return _among(tx, persons, _r.campaign_id == campaign_id)


def refused_lately(tx: Tx, persons: Sequence[int], codes: Sequence[int], seconds: float = DAY_SECONDS) -> set[int]:
    """Return those whose latest refusal within that time was by one of these codes of the gateway."""
    return _among(tx, persons, _r.code.in_(codes), _r.changed_at > tx.now - seconds)


def _some(column: Any) -> Any:
    return sa.func.sum(column) > 0


def _among(tx: Tx, persons: Sequence[int], *conditions: Any) -> set[int]:
    found: set[int] = set()
    for part in chunks(persons):
        found.update(tx.run(sa.select(_r.person).where(_r.person.in_(part), *conditions)).scalars())
    return found
