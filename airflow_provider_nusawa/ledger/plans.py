"""Plans: what one run read of a campaign's list. At most one of a campaign is unread at any time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.compact_json import compact
from airflow_provider_nusawa.ledger.errors import PlanBusy
from airflow_provider_nusawa.ledger.schema import WAS_READ, campaigns, is_of, plans, recipients
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.ledger.tx import Tx

READING_SECONDS = 60.0
"""How long a reader holds a campaign's list without a word. A query may let it wait for its next row."""

_ERASED_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Counts:
    """What a list held.

    :param known: Lines that named somebody an earlier run had planned.
    :param doubles: Lines that named somebody a second time.
    """

    rows_read: int
    planned: int
    bad: int
    excluded: int
    known: int
    doubles: int


def snapshot_of(tx: Tx, plan_id: int) -> Any:
    """Return what came from Airflow when the list was read: its texts are rendered with that, also by a later try."""
    text = tx.run(sa.select(plans.c.snapshot).where(plans.c.id == plan_id)).scalar_one()
    return json.loads(text) if text else {}


def hold(plan_id: int, tx: Tx) -> Any:
    still_mine = (plans.c.id == plan_id, plans.c.run_key.is_not(None), plans.c.complete_at.is_(None))
    return sa.update(plans).where(*still_mine).values(until=tx.clock + READING_SECONDS)


def count_rows(tx: Tx, plan_id: int) -> dict[Sending, int]:
    """Count a plan's rows themselves, one by one."""
    r = recipients.c
    query = sa.select(r.sending, sa.func.count().label("n")).where(is_of(plan_id)).group_by(r.sending)
    return {row.sending: row.n for row in tx.run(query)}


def plans_read(tx: Tx, campaign_id: int) -> Sequence[int]:
    """Return the plans of a campaign whose lists were read to their end, oldest first."""
    query = sa.select(plans.c.id).where(plans.c.campaign_id == campaign_id, WAS_READ)
    return tx.run(query.order_by(plans.c.id)).scalars().all()


def has_elders(tx: Tx, campaign_id: int) -> bool:
    return bool(plans_read(tx, campaign_id))


def take(tx: Tx, campaign_id: int, run_key: str, snapshot: Any) -> tuple[int, bool]:
    tx.run(sa.select(campaigns.c.id).where(campaigns.c.id == campaign_id).with_for_update())
    mine = plans.c.campaign_id == campaign_id
    own = tx.run(sa.select(plans).where(mine, plans.c.run_key == run_key)).first()
    if own is not None and own.complete_at is not None:
        return own.id, True
    give_up_dead(tx, campaign_id)
    new = {"campaign_id": campaign_id, "run_key": run_key, "started_at": tx.now, "until": tx.clock + READING_SECONDS}
    text = None if snapshot is None else compact(snapshot)
    made = tx.run(sa.insert(plans).values(snapshot=text, **new)).inserted_primary_key
    return int(made[0]), False  # type: ignore[index]  # an INSERT of one row has a key


def give_up_dead(tx: Tx, campaign_id: int) -> None:
    """Take the list from a reader whose lease has run out.

    :raises PlanBusy: if one lives.
    """
    unread = (plans.c.campaign_id == campaign_id, plans.c.complete_at.is_(None), plans.c.run_key.is_not(None))
    tx.run(sa.update(plans).where(*unread, plans.c.until <= tx.clock).values(run_key=None))
    alive = tx.run(sa.select(plans.c.until).where(*unread)).first()
    if alive is not None:
        raise PlanBusy("another runner is reading this campaign's list", wait_seconds=max(alive.until - tx.now, 1.0))


def is_being_read(tx: Tx, campaign_id: int) -> bool:
    """Whether a reader who lives is at a list of this campaign."""
    unread = (plans.c.campaign_id == campaign_id, plans.c.complete_at.is_(None), plans.c.run_key.is_not(None))
    return tx.run(sa.select(plans.c.id).where(*unread, plans.c.until > tx.clock).limit(1)).first() is not None


def given_up(tx: Tx, campaign_id: int) -> list[int]:
    query = sa.select(plans.c.id).where(plans.c.campaign_id == campaign_id, plans.c.run_key.is_(None))
    return list(tx.run(query).scalars())


def erase_part(tx: Tx, plan_id: int) -> bool:
    """Whether there was something to erase."""
    r = recipients.c
    part = sa.select(r.id).where(is_of(plan_id)).limit(_ERASED_AT_ONCE)
    if tx.run(sa.delete(recipients).where(r.id.in_(part))).rowcount:
        return True
    tx.run(sa.delete(plans).where(plans.c.id == plan_id))
    return False
