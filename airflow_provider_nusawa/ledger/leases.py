"""Leases: who works on a campaign, and since when it has not been heard of. The dead are put in order by the living."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.moving import LOCKED, move
from airflow_provider_nusawa.ledger.schema import IN_FLIGHT, leases, recipients
from airflow_provider_nusawa.ledger.states import ACCEPT, DOUBT, RELEASE, Actor, Sending
from airflow_provider_nusawa.ledger.tx import Tx

LEASE_SECONDS = 30.0
GRACE_SECONDS = 60.0
"""Beyond the lease and a request's own time limit: how long after a request it may not be asked for again."""

SHARDS = 8
"""Of the tallies: so many runners at once do not wait for each other. Shard 0 is for all that are no runners."""

_l = leases.c


def take_lease(tx: Tx, campaign_id: int, *, account: str, api: str, label: str) -> int:
    """Begin to work on a campaign. The lease's id grows, and is never used again.

    :param label: Who works, for people: a task instance, a host and a process.
    """
    new = {"campaign_id": campaign_id, "account": account, "api": api, "label": label[:250], "started_at": tx.now}
    made = tx.run(sa.insert(leases).values(until=tx.clock + LEASE_SECONDS, **new)).inserted_primary_key
    return int(made[0])  # type: ignore[index]  # an INSERT of one row has a key


def is_live(tx: Tx, lease: int) -> Any:
    """Return the condition that a lease still holds, at the very moment of asking."""
    query = sa.select(_l.id).where(_l.id == lease, _l.ended_at.is_(None), _l.until > tx.clock)
    return query.correlate(None).exists()


def renew(tx: Tx, lease: int) -> bool:
    """Hold a lease for another 30 seconds. Whether it could be held: one that ran out stays lost."""
    mine = (_l.id == lease, _l.ended_at.is_(None), _l.until > tx.clock)
    return tx.run(sa.update(leases).where(*mine).values(until=tx.clock + LEASE_SECONDS)).rowcount == 1


def end_lease(tx: Tx, lease: int) -> None:
    """Stop working: what was only claimed is planned again, and what is still under way is unknown."""
    tx.run(sa.update(leases).where(_l.id == lease, _l.ended_at.is_(None)).values(until=tx.now))
    _close(tx, lease, Actor.RUNNER)


def repair(tx: Tx, campaign_id: int) -> int:
    """Close the leases of a campaign that have run out; return how many recipients were put in order.

    A lease that its runner is using at this moment is locked, and left to the next look: a runner that was frozen in
    the middle of a transaction must not freeze all others.
    """
    dead = sa.select(_l.id).where(_l.campaign_id == campaign_id, _l.ended_at.is_(None), _l.until <= tx.clock)
    found = tx.run(dead.order_by(_l.id).with_for_update(skip_locked=True)).scalars().all()
    return sum(_close(tx, lease, Actor.REPAIR) for lease in found)


def _close(tx: Tx, lease: int, actor: Actor) -> int:
    """Put in order what a lease holds; it has ended once it holds nothing, so that a locked row is found again."""
    held = (recipients.c.lease == lease, IN_FLIGHT)
    query = sa.select(*LOCKED).where(*held).order_by(recipients.c.id)
    rows = tx.run(query.with_for_update(skip_locked=True)).all()
    move(tx, RELEASE, [row for row in rows if row.sending is Sending.CLAIMED], actor=actor)
    sending = [row for row in rows if row.sending is Sending.SENDING]
    # An earlier try has been accepted late, while this one was under way.
    move(tx, ACCEPT, [row for row in sending if row.message_id], actor=actor)
    doubtful = [row for row in sending if not row.message_id]
    move(tx, DOUBT, doubtful, actor=actor, values={"reason": _DOUBTS[actor]}, note=_DOUBTS[actor])
    if tx.run(sa.select(recipients.c.id).where(*held).limit(1)).first() is None:
        tx.run(sa.update(leases).where(_l.id == lease).values(ended_at=tx.now))
    return len(rows)


_DOUBTS = {
    Actor.RUNNER: "its runner stopped before the answer",
    Actor.REPAIR: "its runner was not heard of again",
}
