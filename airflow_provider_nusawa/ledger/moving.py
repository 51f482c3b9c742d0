"""The one place that changes a recipient's ``sending``: locked, checked by the table of moves, noted and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.schema import changes, recipients
from airflow_provider_nusawa.ledger.states import Actor, Move
from airflow_provider_nusawa.ledger.tx import Tx

_r = recipients.c

Row = Any
"""A row of ``LOCKED``, by attribute: id, plan_id, campaign_id, person, sending, delivery, tries, …"""

LOCKED = (
    _r.id,
    _r.plan_id,
    _r.campaign_id,
    _r.person,
    _r.sending,
    _r.delivery,
    _r.tries,
    _r.setbacks,
    _r.lease,
    _r.posted_at,
    _r.quiet_until,
    _r.message_id,
)


def lock(tx: Tx, ids: Iterable[int]) -> list[Row]:
    """Return these recipients, nobody else's to change until the commit; in one order, so that none wait in a ring."""
    query = sa.select(*LOCKED).where(tx.among(_r.id, ids)).order_by(_r.id)
    return list(tx.run(query.with_for_update()))


def move(
    tx: Tx,
    step: Move,
    rows: Sequence[Row],
    *,
    actor: Actor,
    only_if: Any = None,
    values: dict[str, Any] | None = None,
    note: str | None = None,
) -> bool:
    """Move locked recipients by one UPDATE, which states from where and, with ``only_if``, on what else it depends.

    :param values: What else it sets, the same for all.
    :returns: Whether it moved them all. If not, the caller must end the transaction by an error.
    """
    if not rows:
        return True
    update = sa.update(recipients).where(_among(tx, rows), _r.sending.in_(step.before | step.late))
    update = update if only_if is None else update.where(only_if)
    moved = tx.run(update.values({"sending": step.after, "changed_at": tx.now, **(values or {})})).rowcount
    _record(tx, step, rows, actor=actor, note=note)
    return moved == len(rows)


def move_each(tx: Tx, step: Move, rows: Sequence[Row], values: Sequence[dict[str, Any]], *, actor: Actor) -> None:
    """Move locked recipients, each with values of its own: all with the same keys."""
    if not rows:
        return
    names: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in values[0]}
    update = sa.update(recipients).where(_r.id == sa.bindparam("key")).values(sending=step.after, **names)
    keyed = [
        {"key": row.id, **{f"new_{name}": value for name, value in own.items()}}
        for row, own in zip(rows, values, strict=True)
    ]
    tx.run(update.values(changed_at=tx.now), keyed)
    told = [name for name in ("code", "message_id", "api") if name in names]
    _record(tx, step, rows, actor=actor, told=told)


def _record(
    tx: Tx, step: Move, rows: Sequence[Row], *, actor: Actor, told: Sequence[str] = (), note: str | None = None
) -> None:
    """Count a move, and note it for each person, by one INSERT from the rows as they are now.

    :param told: Columns of the gateway's answer that belong to this move.
    """
    for (plan_id, before), n in Counter((row.plan_id, row.sending) for row in rows).items():
        tx.count(plan_id, before.value, -n)
        tx.count(plan_id, step.after.value, n)
    if step.silent:
        return
    same = {"at": tx.now, "state": step.after.value, "actor": actor, "note": note}
    own = {"recipient_id": _r.id, "try_number": _r.tries, "lease": _r.lease, **{name: _r[name] for name in told}}
    given = [*(sa.literal(value, changes.c[name].type) for name, value in same.items()), *own.values()]
    source = sa.select(*given).where(_among(tx, rows)).order_by(_r.id)
    tx.run(sa.insert(changes).from_select([*same, *own], source))


def _among(tx: Tx, rows: Sequence[Row]) -> Any:
    return tx.among(_r.id, [row.id for row in rows])


def change(tx: Tx, recipient_id: int, state: str, *, actor: Actor, try_number: int, **rest: Any) -> dict[str, Any]:
    """Return one line of a recipient's history."""
    blank = dict.fromkeys(("lease", "code", "message_id", "api", "note"))
    key = {"recipient_id": recipient_id, "at": tx.now, "state": state, "actor": actor, "try_number": try_number}
    return {**blank, **key, **rest}


def write_changes(tx: Tx, lines: Sequence[dict[str, Any]]) -> None:
    if lines:
        tx.run(sa.insert(changes), lines)
