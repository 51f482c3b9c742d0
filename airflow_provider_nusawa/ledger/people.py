"""People and their rights: who said no, what is on record of one number, and forgetting it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.acts import note_act, note_acts
from airflow_provider_nusawa.ledger.limits import suppressed_among
from airflow_provider_nusawa.ledger.moving import LOCKED, move
from airflow_provider_nusawa.ledger.schema import campaigns, changes, plans, recipients
from airflow_provider_nusawa.ledger.schema_shared import acts, suppressions
from airflow_provider_nusawa.ledger.states import OPEN, SUPPRESS, Actor
from airflow_provider_nusawa.ledger.tx import Tx

_ERASED_AT_ONCE = 5_000

_r = recipients.c
_BLANK: dict[str, Any] = {"number": None, "fields": None}


@dataclass(frozen=True, slots=True)
class Suppression:
    """Somebody who said no. ``number`` is empty for who asked to be forgotten: only the mark is kept."""

    person: str
    number: str
    reason: str
    added_at: float


def suppress(tx: Tx, numbers: Iterable[str], *, who: str, reason: str) -> int:
    """Have these normalised numbers sent nothing any more; return how many are new.

    Once this is committed, no message to them begins: whoever is at it, holds the gate.
    """
    tx.pass_gate(alone=True)
    by_mark = {tx.ledger.person(number): number for number in numbers}
    known = suppressed_among(tx, by_mark)
    same = {"reason": reason[:250], "added_at": tx.now}
    rows = [{"person": mark, "number": number, **same} for mark, number in by_mark.items() if mark not in known]
    if rows:
        tx.run(tx.insert(suppressions).on_conflict_do_nothing(), rows)
    note_acts(tx, "suppress", {mark: int(mark not in known) for mark in by_mark}, who=who, reason=reason)
    return len(rows)


OPTED_OUT = "the gateway says that this person has unsubscribed"


def note_opted_out(tx: Tx, numbers: Iterable[str], *, who: str) -> int:
    """Suppress people of whom the gateway said that they want no more; return how many are new.

    Unlike a person's act, what is known already is not noted once more.

    :param who: Who was told so.
    """
    told = set(numbers)
    new = told - suppressed(tx, told)
    return suppress(tx, new, who=who, reason=OPTED_OUT) if new else 0


def unsuppress(tx: Tx, numbers: Iterable[str], *, who: str, reason: str) -> int:
    """Take back a no; return how many there were. What a campaign has given up because of it stays so."""
    marks = {tx.ledger.person(number) for number in numbers}
    gone = suppressed_among(tx, marks)
    tx.run(sa.delete(suppressions).where(tx.among(suppressions.c.person, gone)))
    note_acts(tx, "unsuppress", {mark: int(mark in gone) for mark in marks}, who=who, reason=reason)
    return len(gone)


def suppressed(tx: Tx, numbers: Iterable[str]) -> set[str]:
    """Return which of these have said no: for senders that have no campaign."""
    by_mark = {tx.ledger.person(number): number for number in numbers}
    return {by_mark[mark] for mark in suppressed_among(tx, by_mark)}


def suppressions_of(tx: Tx, number: str = "") -> Iterator[Suppression]:
    """Return who said no; or, of one number, whether it did."""
    query = sa.select(suppressions).order_by(suppressions.c.added_at)
    if number:
        query = query.where(suppressions.c.person == tx.ledger.person(number))
    for row in tx.run(query):
        yield Suppression(f"{row.person:016x}", row.number or "", row.reason, row.added_at)


def history_of(tx: Tx, number: str) -> list[dict[str, Any]]:
    """Return all that was planned, posted, answered and delivered to one number, oldest first.

    Also what came before it was forgotten: the mark is still there, and whoever asks brings the number along.
    """
    mark = tx.ledger.person(number)
    columns = (campaigns.c.name.label("campaign"), campaigns.c.redirected, changes)
    query = sa.select(*columns).join(recipients, changes.c.recipient_id == _r.id)
    query = query.join(campaigns, campaigns.c.id == _r.campaign_id).where(_r.person == mark)
    return [*_planned(tx, mark), *(dict(row._mapping) for row in tx.run(query.order_by(changes.c.id)))]


def acts_about(tx: Tx, number: str) -> list[dict[str, Any]]:
    query = sa.select(acts).where(acts.c.person == tx.ledger.person(number)).order_by(acts.c.id)
    return [dict(row._mapping) for row in tx.run(query)]


def forget(tx: Tx, number: str, *, who: str, reason: str) -> int:
    """Erase a number and all texts for it; return from how many rows.

    What stays is its mark under the ledger's secret: it still counts as sent to, and nothing is sent to it again.
    """
    tx.pass_gate(alone=True)
    mark = tx.ledger.person(number)
    rows = tx.run(sa.select(*LOCKED).where(_r.person == mark).order_by(_r.id).with_for_update()).all()
    waiting = [row for row in rows if row.sending in SUPPRESS.before]
    move(tx, SUPPRESS, waiting, actor=Actor.PERSON, values={"reason": "asked to be forgotten"})
    tx.run(sa.update(recipients).where(_r.person == mark).values(_BLANK))
    upsert = tx.insert(suppressions).values(person=mark, number=None, reason=reason[:250], added_at=tx.now)
    tx.run(upsert.on_conflict_do_update(index_elements=["person"], set_={"number": None, "reason": reason[:250]}))
    note_act(tx, "forget", who=who, reason=reason, rows=len(rows), person=mark)
    return len(rows)


def forget_again(tx: Tx, campaign_id: int) -> None:
    """Erase what a list has brought anew of people who were forgotten."""
    forgotten = sa.select(suppressions.c.person).where(suppressions.c.number.is_(None))
    again = (_r.campaign_id == campaign_id, _r.person.in_(forgotten), _r.number.is_not(None))
    tx.run(sa.update(recipients).where(*again).values(_BLANK))


def purge_part(tx: Tx, older_than: float) -> int:
    """Erase numbers and texts of rows that are done and have not changed since; return of how many, 0 at the end.

    Call it until it returns 0: one part is one short transaction, so that senders need not wait.

    :param older_than: Seconds since 1970.
    """
    done = (_r.changed_at < older_than, _r.sending.not_in(OPEN), _r.number.is_not(None) | _r.fields.is_not(None))
    part = sa.select(_r.id).where(*done).limit(_ERASED_AT_ONCE)
    return tx.run(sa.update(recipients).where(_r.id.in_(part)).values(_BLANK)).rowcount


def _planned(tx: Tx, mark: int) -> list[dict[str, Any]]:
    columns = (
        campaigns.c.name.label("campaign"),
        campaigns.c.redirected,
        _r.sending.label("now"),
        _r.number,
        _r.fields,
    )
    query = sa.select(*columns, plans.c.complete_at.label("at")).join(plans, plans.c.id == _r.plan_id)
    query = query.join(campaigns, campaigns.c.id == _r.campaign_id).where(_r.person == mark)
    return [{**row._mapping, "state": "planned"} for row in tx.run(query.order_by(_r.id))]
