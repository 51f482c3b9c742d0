"""A campaign over time: when it was posted, when it was reported delivered, and for what reasons some were not.

It reads the rows themselves, plan by plan: some three seconds a million.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.plans import plans_read
from airflow_provider_nusawa.ledger.schema import changes, is_of, recipients
from airflow_provider_nusawa.ledger.states import Delivery, Sending
from airflow_provider_nusawa.ledger.tx import Tx

SHOWN = (Sending.ACCEPTED, Sending.REFUSED, Sending.UNKNOWN)
_DELIVERED = (Delivery.DELIVERED, Delivery.READ)
_LONGEST_TAIL_SECONDS = 600.0
_SHORTEST_SECONDS = 1.0
_REASONS = 50

_r, _c = recipients.c, changes.c


@dataclass(frozen=True, slots=True)
class Timeline:
    """How many were posted in each of equal spans of time, by what became of them, and how many reported delivered.

    :param start: Seconds since 1970.
    :param counts: For ``accepted``, ``refused``, ``unknown`` and ``delivered``: a number for each span.
    :param later: How many were reported delivered after its end: long after the last was posted.
    :param delays: How many were reported delivered within each bound, in seconds since they were posted, and not
        within the one before; the last number is of those beyond all bounds.
    """

    start: float
    span_seconds: float
    counts: Mapping[str, tuple[int, ...]]
    later: int
    delays: tuple[int, ...]

    @property
    def end(self) -> float:
        return self.start + self.span_seconds * len(self.counts["delivered"])


def timeline(tx: Tx, campaign_id: int, spans: int, bounds: Sequence[float]) -> Timeline | None:
    """Return the campaign cut into so many spans, from its first request on; None if nothing was posted yet.

    :param bounds: Of the delays, in seconds, the shortest first.
    """
    plan_ids = plans_read(tx, campaign_id)
    first, last, heard = _ends(tx, plan_ids)
    if first is None:
        return None
    end = min(max(last, heard), last + max(last - first, _LONGEST_TAIL_SECONDS))
    span_seconds = max(end - first, _SHORTEST_SECONDS) / spans * 1.000_001  # so that the last moment is in the last
    found: Counter[tuple[str, int]] = Counter()
    waited: Counter[int] = Counter()
    for plan_id in plan_ids:
        found.update(_posted(tx, plan_id, first, span_seconds))
        for row in _delivered(tx, plan_id, first, span_seconds, bounds):
            found["delivered", row.span] += row.n
            waited[row.place] += row.n
    names = (*(state.value for state in SHOWN), "delivered")
    counts = {name: tuple(found[name, span] for span in range(spans)) for name in names}
    later = sum(n for (_, span), n in found.items() if span >= spans)
    return Timeline(first, span_seconds, counts, later, tuple(waited[place] for place in range(len(bounds) + 1)))


def reasons(tx: Tx, campaign_id: int, state: Sending) -> Counter[tuple[int | None, str]]:
    """Count the recipients in a state by the gateway's code and, where there is none, by what was said."""
    said = sa.case((_r.code.is_(None), sa.func.coalesce(_r.reason, "")), else_="")
    return _grouped(tx, campaign_id, (_r.code, said), _r.sending == state)


def failures(tx: Tx, campaign_id: int) -> Counter[tuple[str]]:
    """Count the accepted that the gateway gave up on by its ``err_code``; empty where it told none."""
    failed = (_r.sending == Sending.ACCEPTED, _r.delivery == Delivery.FAILED)
    return _grouped(tx, campaign_id, (sa.func.coalesce(_r.err_code, ""),), *failed)


def _grouped(tx: Tx, campaign_id: int, columns: Sequence[Any], *where: Any) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for plan_id in plans_read(tx, campaign_id):
        query = sa.select(*columns, sa.func.count().label("n")).where(is_of(plan_id), *where).group_by(*columns)
        for row in tx.run(query.order_by(sa.desc("n")).limit(_REASONS)):
            found[tuple(row[:-1])] += row.n
    return found


def _ends(tx: Tx, plan_ids: Iterable[int]) -> tuple[float | None, float, float]:
    """Return when the first and the last were posted, and when the last of the delivered was heard of."""
    first: float | None = None
    last = heard = 0.0
    latest = sa.case((_r.delivery.in_(_DELIVERED), _r.changed_at))
    for plan_id in plan_ids:
        least, most, told = (sa.func.min(_r.posted_at), sa.func.max(_r.posted_at), sa.func.max(latest))
        query = sa.select(least.label("first"), most.label("last"), told.label("heard"))
        row = tx.run(query.where(is_of(plan_id), _r.sending.in_(SHOWN))).one()
        if row.first is not None:
            first, last, heard = min(first or row.first, row.first), max(last, row.last), max(heard, row.heard or 0.0)
    return first, last, heard


def _posted(tx: Tx, plan_id: int, first: float, span_seconds: float) -> dict[tuple[str, int], int]:
    span = _whole(tx, (_r.posted_at - first) / span_seconds)
    query = sa.select(_r.sending, span.label("span"), sa.func.count().label("n"))
    query = query.where(is_of(plan_id), _r.posted_at.is_not(None), _r.sending.in_(SHOWN))
    return {(row.sending.value, row.span): row.n for row in tx.run(query.group_by(_r.sending, span))}


def _delivered(tx: Tx, plan_id: int, first: float, span_seconds: float, bounds: Sequence[float]) -> Iterable[Any]:
    """Count the delivered by when they were first heard of, and by how long after their request that was."""
    mine = (is_of(plan_id, _c.recipient_id), _c.state.in_([state.value for state in _DELIVERED]))
    each = sa.select(_c.recipient_id, sa.func.min(_c.at).label("at")).where(*mine)
    told = each.group_by(_c.recipient_id).subquery()
    # A resolved one, whose request another clock timed, may seem to be heard of before it was posted.
    span = _whole(tx, sa.case((told.c.at > first, told.c.at - first), else_=0.0) / span_seconds)
    waited = told.c.at - _r.posted_at
    place = sa.case(*((waited <= bound, at) for at, bound in enumerate(bounds)), else_=len(bounds))
    query = sa.select(span.label("span"), place.label("place"), sa.func.count().label("n"))
    query = query.select_from(told.join(recipients, _r.id == told.c.recipient_id)).where(_r.posted_at.is_not(None))
    return tx.run(query.group_by(span, place)).all()


def _whole(tx: Tx, number: Any) -> Any:
    # PostgreSQL's CAST rounds and SQLite's cuts off, while its floor() is not in every build.
    return sa.cast(sa.func.floor(number) if tx.ledger.is_postgresql else number, sa.Integer)
