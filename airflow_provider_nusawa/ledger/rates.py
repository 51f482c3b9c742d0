"""One rate for an account, for all senders that share a ledger: each reserves the next stretch of its timetable.

A share is a stretch of time, not a portion of the rate: so nothing needs to be divided anew as senders come, go and
die, the sum can never be too high, and a sender of one message waits no longer than the stretches before it last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.schema_shared import rates
from airflow_provider_nusawa.ledger.tx import Tx

HEADROOM = 0.97
"""Of a rate: what senders ask for. Requests leave a few milliseconds late, and unevenly so: what is left holds that."""

STRETCH_SECONDS = 0.5
"""The longest that one sender reserves at once: so long does any other of the account wait for it at most."""

RECOVERY_SECONDS = 60.0
"""After so long without another 429, the full rate is back."""

_SLOWEST = 1 / 64


@dataclass(frozen=True, slots=True)
class Share:
    """A stretch of an account's time.

    :param starts_in: Seconds from the moment that this was received until the first request may leave.
    :param spacing: Seconds from each request to the next.
    :param pause: Seconds for which the gateway has asked for silence, if it has.
    """

    requests: int
    starts_in: float
    spacing: float
    pause: float = 0.0


def reserve(tx: Tx, account: str, requests: int, *, per_second: float) -> Share:
    """Reserve the account's next free stretch for so many requests. Half a second's worth keeps all others lively.

    :param per_second: The account's rate. A campaign that wants less reserves less often.
    """
    row = _locked(tx, account)
    spacing = 1 / (per_second * _factor(row, tx.now))
    starts = max(row.free_at, tx.now)
    tx.run(sa.update(rates).where(rates.c.account == account).values(free_at=starts + requests * spacing))
    return Share(requests, starts - tx.now, spacing, max(row.factor_at - tx.now, 0.0))


def slow_down(tx: Tx, account: str, *, wait_seconds: float = 0.0) -> None:
    """Halve the account's rate for all after a 429; it recovers within a minute.

    :param wait_seconds: What the gateway's Retry-After said: nobody reserves a moment before that is over.
    """
    row = _locked(tx, account)
    over_at = tx.now + wait_seconds
    slower = {"factor": max(_factor(row, tx.now) / 2, _SLOWEST), "factor_at": max(row.factor_at, over_at)}
    free_at = max(row.free_at, over_at)
    tx.run(sa.update(rates).where(rates.c.account == account).values(free_at=free_at, **slower))


def _locked(tx: Tx, account: str) -> Any:
    new = {"account": account, "free_at": tx.now, "factor": 1.0, "factor_at": tx.now}
    tx.run(tx.insert(rates).values(new).on_conflict_do_nothing())
    return tx.run(sa.select(rates).where(rates.c.account == account).with_for_update()).one()


def _factor(row: Any, now: float) -> float:
    return float(min(1.0, row.factor + (1.0 - row.factor) * max(now - row.factor_at, 0.0) / RECOVERY_SECONDS))
