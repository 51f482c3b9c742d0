"""How far a campaign is: at a glance by its tallies, and at its end by an equation over the rows themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.plans import count_rows
from airflow_provider_nusawa.ledger.schema import IS_REFUSED, WAS_READ, campaigns, plans, recipients, tallies
from airflow_provider_nusawa.ledger.states import OPEN, Delivery, Sending
from airflow_provider_nusawa.ledger.tx import Tx


@dataclass(frozen=True, slots=True)
class Equation:
    """Where every row that was ever read has gone. ``doubles`` named somebody whom the campaign had already."""

    rows_read: int
    doubles: int
    bad: int
    excluded: int
    suppressed: int
    accepted: int
    refused: int
    unknown: int
    open: int

    @property
    def adds_up(self) -> bool:
        ends = self.suppressed + self.accepted + self.refused + self.unknown + self.open
        return self.rows_read == self.doubles + self.bad + self.excluded + ends

    def __str__(self) -> str:
        parts = (
            f"{self.doubles} doubles + {self.bad} bad + {self.excluded} excluded + {self.suppressed} suppressed + "
            f"{self.accepted} accepted + {self.refused} refused + {self.unknown} unknown + {self.open} open"
        )
        return f"{self.rows_read} rows read {'=' if self.adds_up else '≠'} {parts}"


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts by state, as maintained: reading them costs the same for a thousand and for a million.

    :param delivery: Of the accepted ones.
    """

    name: str
    redirected: bool
    created_at: float
    equation: Equation
    sending: Mapping[Sending, int]
    delivery: Mapping[Delivery, int]


def equation(tx: Tx, campaign_id: int) -> Equation:
    """Count every row of a campaign. It takes a second a million: for the end, not for watching."""
    counted: Counter[Sending] = Counter()
    read = tx.run(sa.select(plans).where(plans.c.campaign_id == campaign_id, WAS_READ)).all()
    for plan in read:
        counted.update(count_rows(tx, plan.id))
    return _equation(sum(plan.rows_read for plan in read), sum(plan.known + plan.doubles for plan in read), counted)


def progress(tx: Tx, campaign_id: int) -> Progress:
    campaign = tx.run(sa.select(campaigns).where(campaigns.c.id == campaign_id)).one()
    done = (plans.c.campaign_id == campaign_id, WAS_READ)
    read, doubles = (_sum(column) for column in (plans.c.rows_read, plans.c.known + plans.c.doubles))
    totals = tx.run(sa.select(read.label("read"), doubles.label("doubles")).where(*done)).one()
    query = sa.select(tallies.c.state, sa.func.sum(tallies.c.n).label("n")).join(plans, plans.c.id == tallies.c.plan_id)
    counts = {row.state: int(row.n) for row in tx.run(query.where(*done).group_by(tallies.c.state))}
    sending = {state: counts.get(state.value, 0) for state in Sending}
    delivery: dict[Delivery, int] = {
        state: counts.get(state.value, 0) for state in Delivery if state is not Delivery.NONE
    }
    delivery[Delivery.NONE] = sending[Sending.ACCEPTED] - sum(delivery.values())
    balance = _equation(int(totals.read), int(totals.doubles), sending)
    return Progress(campaign.name, campaign.redirected, campaign.created_at, balance, sending, delivery)


def unknowns(tx: Tx) -> int:
    """Count the messages of all campaigns that were perhaps sent, with no answer on record, as maintained."""
    query = sa.select(_sum(tallies.c.n).label("n")).where(tallies.c.state == Sending.UNKNOWN.value)
    return int(tx.run(query).one().n)


def refusals(tx: Tx, campaign_id: int) -> dict[int | None, int]:
    """Count the refused by the gateway's code; None where only HTTP said no."""
    r = recipients.c
    mine = sa.select(plans.c.id).where(plans.c.campaign_id == campaign_id)
    query = sa.select(r.code, sa.func.count().label("n")).where(r.plan_id.in_(mine), IS_REFUSED)
    return {row.code: row.n for row in tx.run(query.group_by(r.code))}


def _sum(column: Any) -> Any:
    return sa.func.coalesce(sa.func.sum(column), 0)


def _equation(rows_read: int, doubles: int, counted: Mapping[Sending, int]) -> Equation:
    ends = ("bad", "excluded", "suppressed", "accepted", "refused", "unknown")
    by_name = {name: counted.get(Sending(name), 0) for name in ends}
    return Equation(rows_read, doubles, open=sum(counted.get(state, 0) for state in OPEN), **by_name)
