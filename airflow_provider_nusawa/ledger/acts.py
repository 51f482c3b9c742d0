"""What people decide: to send again, or what an unknown one became. Recorded, and never before it is safe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.errors import TooEarly
from airflow_provider_nusawa.ledger.moving import Row, lock, move, move_each
from airflow_provider_nusawa.ledger.schema import plans, recipients
from airflow_provider_nusawa.ledger.schema_shared import acts
from airflow_provider_nusawa.ledger.states import (
    RESOLVE_ACCEPTED,
    RESOLVE_REFUSED,
    RETRY,
    Actor,
    Delivery,
    Sending,
)
from airflow_provider_nusawa.ledger.tx import Tx

_r = recipients.c


class Again(Enum):
    """Which ones a person has sent again. A failed one was accepted, and the gateway gave up on it."""

    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


_CHOICES: dict[Again, tuple[Any, ...]] = {
    Again.REFUSED: (_r.sending == Sending.REFUSED,),
    Again.FAILED: (_r.sending == Sending.ACCEPTED, _r.delivery == Delivery.FAILED),
    Again.UNKNOWN: (_r.sending == Sending.UNKNOWN,),
}


_IS_CHOSEN: dict[Again, Callable[[Row], bool]] = {
    Again.REFUSED: lambda row: row.sending is Sending.REFUSED,
    Again.FAILED: lambda row: row.sending is Sending.ACCEPTED and row.delivery is Delivery.FAILED,
    Again.UNKNOWN: lambda row: row.sending is Sending.UNKNOWN,
}


def note_act(tx: Tx, what: str, *, who: str, reason: str, rows: int = 0, person: int | None = None) -> int:
    """Put an act of a person on record, and return its number."""
    act = {**_act(tx, what, who, reason), "rows": rows, "person": person}
    made = tx.run(sa.insert(acts).values(act)).inserted_primary_key
    return int(made[0])  # type: ignore[index]  # an INSERT of one row has a key


def note_acts(tx: Tx, what: str, rows: Mapping[int, int], *, who: str, reason: str) -> None:
    """Put an act on record once for each person, by mark, whom it concerns: so that each can be told of it."""
    act = _act(tx, what, who, reason)
    if rows:
        tx.run(sa.insert(acts), [{**act, "rows": n, "person": mark} for mark, n in rows.items()])


def _act(tx: Tx, what: str, who: str, reason: str) -> dict[str, Any]:
    return {"at": tx.now, "who": who[:250], "what": what[:250], "reason": reason[:250]}


def retry(tx: Tx, campaign_id: int, again: Again, *, who: str, reason: str) -> int:
    """Plan these once more; return how many. Whoever's number was erased stays as he is.

    :raises TooEarly: while a request for one of them may still be under way.
    """
    # Once more, now that they are locked: another person may have decided meanwhile, or a late answer come.
    rows = [row for row in lock(tx, _chosen(tx, campaign_id, again)) if _IS_CHOSEN[again](row)]
    refuse_too_early(tx, [row for row in rows if row.sending is not Sending.REFUSED])
    act = note_act(tx, f"retry {again.value} of campaign {campaign_id}", who=who, reason=reason, rows=len(rows))
    for row in rows:
        tx.count(row.plan_id, row.delivery.value, -1)
    values = {"delivery": Delivery.NONE, "message_id": None, "code": None, "reason": None, "setbacks": 0, "due": 0.0}
    move(tx, RETRY, rows, actor=Actor.PERSON, values=values, note=f"act {act}")
    return len(rows)


def resolve(tx: Tx, decisions: dict[int, tuple[Outcome, str]], *, who: str, reason: str) -> int:
    """Decide what unknown ones became; return how many were still unknown.

    :param decisions: By recipient: ACCEPTED with its message id (empty if not known), or REFUSED: certainly not sent.
    :raises TooEarly: while a request for one of them may still be under way.
    """
    rows = [row for row in lock(tx, decisions) if row.sending is Sending.UNKNOWN]
    refuse_too_early(tx, rows)
    note_act(tx, "resolve", who=who, reason=reason, rows=len(rows))
    for outcome, step in ((Outcome.ACCEPTED, RESOLVE_ACCEPTED), (Outcome.REFUSED, RESOLVE_REFUSED)):
        chosen = [row for row in rows if decisions[row.id][0] is outcome]
        values = [{"message_id": decisions[row.id][1] or None, "reason": reason[:250]} for row in chosen]
        move_each(tx, step, chosen, values, actor=Actor.PERSON)
    return len(rows)


def refuse_too_early(tx: Tx, rows: Iterable[Row]) -> None:
    early = [row.quiet_until for row in rows if row.quiet_until > tx.now]
    if early:
        wait = max(early) - tx.now
        what = f"{len(early)} of these requests may still be under way, the last for {wait:.0f} seconds"
        raise TooEarly(what, wait_seconds=wait)


def _chosen(tx: Tx, campaign_id: int, again: Again) -> Sequence[int]:
    mine = sa.select(plans.c.id).where(plans.c.campaign_id == campaign_id)
    query = sa.select(_r.id).where(_r.plan_id.in_(mine), *_CHOICES[again], _r.number.is_not(None))
    return tx.run(query).scalars().all()
