"""What a campaign has left to do, and when the next of it falls due."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.plans import plans_read
from airflow_provider_nusawa.ledger.progress import Progress, progress
from airflow_provider_nusawa.ledger.schema import IS_PLANNED, recipients
from airflow_provider_nusawa.ledger.tx import Tx


@dataclass(frozen=True, slots=True)
class Outlook:
    """A campaign at one moment.

    :param now: The ledger's time, in seconds since 1970.
    :param next_due: When the first of those who are planned may be tried; None where nobody is planned.
    """

    now: float
    progress: Progress
    next_due: float | None


def outlook(tx: Tx, campaign_id: int) -> Outlook:
    return Outlook(tx.now, progress(tx, campaign_id), _next_due(tx, campaign_id))


def _next_due(tx: Tx, campaign_id: int) -> float | None:
    r = recipients.c
    first = (
        tx.run(sa.select(r.due).where(r.plan_id == plan_id, IS_PLANNED).order_by(r.due).limit(1)).scalar()
        for plan_id in plans_read(tx, campaign_id)
    )
    return min((due for due in first if due is not None), default=None)
