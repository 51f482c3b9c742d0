"""Campaigns that have come to their end: all is sent that will be, and of all that was, the end is known."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.schema import campaigns, plans, tallies
from airflow_provider_nusawa.ledger.states import OPEN, Delivery, Sending
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.ledger.tx import Tx

LOOK_BACK_SECONDS = 30 * 86_400.0
_ENDS = [state.value for state in (Delivery.DELIVERED, Delivery.READ, Delivery.FAILED)]

_c = campaigns.c


def announce_finals(ledger: Ledger, tell: Callable[[str], object]) -> None:
    """Tell of each campaign that has come to its end, by its name: once, and again if it goes on and ends again.

    Several processes may look at once. What cannot be told is told the next time. Rehearsals are not told of.

    :raises Exception: the last that ``tell`` raised, once all others have been told of.
    """
    failed: Exception | None = None
    for row in ledger.read(_recent):
        if _is_final(row) and ledger.write(partial(_mark, campaign_id=row.id)):
            try:
                tell(row.name)
            except Exception as error:  # noqa: BLE001 - one campaign's trouble must not silence all behind it
                ledger.write(partial(_unmark, campaign_id=row.id))
                failed = error
        elif row.announced_at is not None and not _is_final(row):
            ledger.write(partial(_unmark, campaign_id=row.id))
    if failed is not None:
        raise failed


def _recent(tx: Tx) -> list[Any]:
    of = tallies.c.state
    sums = (
        _sum(of.in_([state.value for state in OPEN])).label("open"),
        _sum(of == Sending.ACCEPTED.value).label("accepted"),
        _sum(of.in_(_ENDS)).label("ended"),
    )
    query = sa.select(_c.id, _c.name, _c.announced_at, *sums)
    query = query.join(plans, plans.c.campaign_id == _c.id).join(tallies, tallies.c.plan_id == plans.c.id)
    recent = (plans.c.complete_at > tx.now - LOOK_BACK_SECONDS, _c.redirected.is_(False))
    return list(tx.run(query.where(*recent).group_by(_c.id, _c.name, _c.announced_at)).all())


def _sum(condition: Any) -> Any:
    return sa.func.sum(sa.case((condition, tallies.c.n), else_=0))


def _is_final(row: Any) -> bool:
    return bool(row.open == 0 and row.ended >= row.accepted)


def _mark(tx: Tx, campaign_id: int) -> bool:
    mine = sa.update(campaigns).where(_c.id == campaign_id, _c.announced_at.is_(None))
    return bool(tx.run(mine.values(announced_at=tx.now)).rowcount)


def _unmark(tx: Tx, campaign_id: int) -> None:
    tx.run(sa.update(campaigns).where(_c.id == campaign_id).values(announced_at=None))
