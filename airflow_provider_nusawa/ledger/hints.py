"""What may help a person to decide about unknown ones where a callback names nobody. Nothing here decides."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.gateway.messages import CREDITS_A_MESSAGE
from airflow_provider_nusawa.ledger.plans import plans_read
from airflow_provider_nusawa.ledger.progress import progress
from airflow_provider_nusawa.ledger.schema import balances, is_of, recipients
from airflow_provider_nusawa.ledger.schema_shared import orphans
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.ledger.tx import Tx

_b = balances.c


@dataclass(frozen=True, slots=True)
class Reading:
    """What an account held at one moment, and how many of a campaign had been accepted by then."""

    account: str
    amount: Decimal
    accepted: int


@dataclass(frozen=True, slots=True)
class Hint:
    """A campaign's unknown ones, and what happened since the first of them was posted.

    :param orphans: Messages that callbacks told of, and that nobody here has sent.
    :param fell: By how much the balance fell while ``accepted`` were accepted; None where it is not on record.
    """

    unknown: int
    orphans: int
    fell: Decimal | None = None
    accepted: int = 0

    @property
    def parts(self) -> list[str]:
        """Return what there is to say, as clauses."""
        told = f"callbacks since the first of them, of messages that nobody here has sent: {self.orphans:,}"
        return [told] if self.fell is None else [self._balance(self.fell), told]

    @property
    def taken(self) -> Decimal:
        """How many of the unknown the gateway took, if the balance fell by its price for each message and else not."""
        messages = (self.fell or Decimal(0)) / CREDITS_A_MESSAGE
        return min(max(messages - self.accepted, Decimal(0)), Decimal(self.unknown))

    def _balance(self, fell: Decimal) -> str:
        if fell < 0:
            return f"the balance rose by {-fell:,f} for {self.accepted:,} accepted: it was topped up, and tells nothing"
        return (
            f"the balance fell by {fell:,f} for {self.accepted:,} accepted. At {CREDITS_A_MESSAGE:f} credit a message, "
            f"and with no other sender and no top-up in between, {self.taken:,f} of the unknown were taken"
        )

    @property
    def facts(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        fell = None if self.fell is None else f"{self.fell:f}"
        return {"orphans": self.orphans, "balance_fell": fell, "for_accepted": self.accepted}

    def __str__(self) -> str:
        return "; ".join([f"{self.unknown:,} unknown", *self.parts])


def note_balance(tx: Tx, campaign_id: int, account: str, amount: Decimal) -> None:
    """Put on record what the account holds now."""
    accepted = progress(tx, campaign_id).equation.accepted
    row = {"campaign_id": campaign_id, "account": account, "at": tx.now, "amount": f"{amount:f}", "accepted": accepted}
    tx.run(sa.insert(balances).values(row))


def hint_of(tx: Tx, campaign_id: int, *, now: Reading | None = None, before: Reading | None = None) -> Hint | None:
    """Return what is on record to decide by; None where nobody is unknown.

    :param now: What the account holds now; else the latest that is on record.
    :param before: What it held before the first of the unknown; else the last that is on record from before then.
    """
    unknown = progress(tx, campaign_id).equation.unknown
    if not unknown:
        return None
    since = _first_posted(tx, campaign_id)
    query = sa.select(sa.func.count()).where(orphans.c.heard_at >= since)
    hint = Hint(unknown, tx.run(query).scalar_one())
    now = now or _latest(tx, campaign_id, _b.at > since)
    before = before or (_latest(tx, campaign_id, _b.at <= since, _b.account == now.account) if now else None)
    if now is None or before is None:
        return hint
    return replace(hint, fell=before.amount - now.amount, accepted=now.accepted - before.accepted)


def _first_posted(tx: Tx, campaign_id: int) -> float:
    """Return when the first of the unknown was posted."""
    r = recipients.c
    first = (
        tx.run(sa.select(sa.func.min(r.posted_at)).where(is_of(plan_id), r.sending == Sending.UNKNOWN)).scalar()
        for plan_id in plans_read(tx, campaign_id)
    )
    return min((at for at in first if at is not None), default=math.inf)


def _latest(tx: Tx, campaign_id: int, *conditions: Any) -> Reading | None:
    query = sa.select(balances).where(_b.campaign_id == campaign_id, *conditions).order_by(_b.id.desc())
    row = tx.run(query.limit(1)).first()
    return Reading(row.account, Decimal(row.amount), row.accepted) if row else None
