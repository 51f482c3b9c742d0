"""What may hold a message back at the last moment, since nights lie between planning and sending."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.moving import Row
from airflow_provider_nusawa.ledger.schema import campaigns, postings, recipients
from airflow_provider_nusawa.ledger.schema_shared import suppressions
from airflow_provider_nusawa.ledger.states import PERHAPS_SENT
from airflow_provider_nusawa.ledger.tx import Tx


@dataclass(frozen=True, slots=True)
class Limits:
    """What a campaign's author allows. The runner knows the time zone; the ledger judges by its own clock.

    :param opens_at: Begin of the present window, in seconds since 1970.
    :param closes_at: Its end; from this very moment on nothing begins.
    :param day: Today in the campaign's time zone, ``2026-11-23``; what begins is counted under it. Empty: not counted.
    :param max_per_day: How many requests of the campaign may begin on one day.
    :param max_per_person: How many messages of all campaigns one person may get within ``person_seconds``.
    """

    opens_at: float = 0.0
    closes_at: float = float("inf")
    day: str = ""
    max_per_day: int | None = None
    max_per_person: int | None = None
    person_seconds: float = 0.0

    @property
    def counts_others(self) -> bool:
        """Whether it depends on what other runners begin at the same moment."""
        return self.max_per_day is not None or self.max_per_person is not None


NO_LIMITS = Limits()


def is_open(tx: Tx, limits: Limits) -> bool:
    return limits.opens_at <= tx.now < limits.closes_at


def suppressed_among(tx: Tx, persons: Iterable[int]) -> set[int]:
    """Return those who have said no."""
    query = sa.select(suppressions.c.person).where(tx.among(suppressions.c.person, persons))
    return set(tx.run(query).scalars())


def sated_among(tx: Tx, persons: Sequence[int], limits: Limits) -> set[int]:
    """Return those who have had all that one person may get. A rehearsal's messages reached nobody, and count not."""
    if limits.max_per_person is None:
        return set()
    r = recipients.c
    since = tx.now - limits.person_seconds
    real = sa.select(campaigns.c.id).where(campaigns.c.redirected == sa.false())
    got = (tx.among(r.person, persons), r.sending.in_(PERHAPS_SENT), r.posted_at > since, r.campaign_id.in_(real))
    query = sa.select(r.person).where(*got).group_by(r.person).having(sa.func.count() >= limits.max_per_person)
    return set(tx.run(query).scalars())


def room_today(tx: Tx, campaign_id: int, limits: Limits) -> int | None:
    """Return how many requests may still begin today; None for any number."""
    if limits.max_per_day is None:
        return None
    query = sa.select(sa.func.coalesce(sa.func.sum(postings.c.n), 0))
    begun = tx.run(query.where(postings.c.campaign_id == campaign_id, postings.c.day == limits.day)).scalar_one()
    return max(limits.max_per_day - int(begun), 0)


def count_today(tx: Tx, campaign_id: int, limits: Limits, rows: Sequence[Row]) -> None:
    if limits.day and rows:
        upsert = tx.insert(postings).values(campaign_id=campaign_id, day=limits.day, shard=tx.shard, n=len(rows))
        more = {"n": postings.c.n + upsert.excluded.n}
        tx.run(upsert.on_conflict_do_update(index_elements=["campaign_id", "day", "shard"], set_=more))
