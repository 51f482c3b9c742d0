"""A runner's work: claim a batch under a lease, put on record that it begins, and only then let requests leave."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.errors import LeaseLost
from airflow_provider_nusawa.ledger.leases import (
    GRACE_SECONDS,
    LEASE_SECONDS,
    SHARDS,
    end_lease,
    is_live,
    renew,
    repair,
    take_lease,
)
from airflow_provider_nusawa.ledger.limits import (
    NO_LIMITS,
    Limits,
    count_today,
    is_open,
    room_today,
    sated_among,
    suppressed_among,
)
from airflow_provider_nusawa.ledger.moving import LOCKED, Row, lock, move
from airflow_provider_nusawa.ledger.outcomes import Answer, Try, conclude
from airflow_provider_nusawa.ledger.schema import IS_PLANNED, WAS_READ, plans, recipients, tallies
from airflow_provider_nusawa.ledger.states import BEGIN, CAP, CLAIM, SUPPRESS, Actor, Sending
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.ledger.tx import Tx

_r = recipients.c


@dataclass(frozen=True, slots=True)
class Claimed:
    """A recipient that is this runner's to send to, once it has begun.

    :param number: Empty for who was forgotten while a request was under way that then turned out not to have left.
    :param tries: How many have begun before.
    :param setbacks: How many tries in a row were refused in a way that a later one may overcome.
    """

    id: int
    plan_id: int
    number: str = field(repr=False)
    fields: dict[str, Any] = field(repr=False)
    tries: int
    setbacks: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What one transaction gave.

    :param begun: The ids whose requests may leave now, each with its try: it goes into the Answer.
    :param claimed: What may begin in a later turn.
    :param held: The ids that a limit holds back for now; they are still claimed.
    """

    begun: dict[int, Try] = field(default_factory=dict)
    claimed: list[Claimed] = field(default_factory=list)
    held: list[int] = field(default_factory=list)


class Runner:
    """One worker of one campaign, for one thread at a time.

    Any call but ``turn`` with answers alone may raise LeaseLost: then nothing that it holds may be sent, others may
    have taken it. Answers that are still to come are put on record all the same, by ``turn``.

    :param total_seconds: The time limit of one request: after it, the lease and a grace, a person may decide again.
    """

    def __init__(
        self, ledger: Ledger, campaign_id: int, *, account: str, api: str, label: str, total_seconds: float
    ) -> None:
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._api = api
        self._quiet_seconds = LEASE_SECONDS + total_seconds + GRACE_SECONDS
        self.lease = ledger.write(lambda tx: take_lease(tx, campaign_id, account=account, api=api, label=label))

    def turn(
        self, answers: Sequence[Answer] = (), *, begin: Sequence[int] = (), claim: int = 0, limits: Limits = NO_LIMITS
    ) -> Turn:
        """Put answers on record, begin requests and claim more, in one commit; the lease is renewed by it.

        Let no request leave before this has returned, nor more than 2 seconds after it was called.

        :param begin: Ids claimed before. Those that come back in neither ``begun`` nor ``held`` are suppressed,
            capped, or not this runner's any more.
        """
        turn = self._ledger.write(lambda tx: self._turn(tx, answers, begin, claim, limits))
        if turn is None:
            raise LeaseLost("this runner was not heard of for 30 seconds, and was taken for dead")
        return turn

    def end(self) -> None:
        """Stop: what is claimed is planned again, what is under way is unknown. Put its answers on record first."""
        self._ledger.write(lambda tx: end_lease(self._sharded(tx), self.lease))

    def _sharded(self, tx: Tx) -> Tx:
        tx.shard = 1 + self.lease % SHARDS
        return tx

    def _turn(self, tx: Tx, answers: Sequence[Answer], begin: Sequence[int], claim: int, limits: Limits) -> Turn | None:
        self._sharded(tx)
        if answers or begin:
            tx.pass_gate(alone=bool(begin) and limits.counts_others)
        if answers:
            conclude(tx, answers)
        if not renew(tx, self.lease):
            # Answers alone are welcome from the dead; who wants more must know.
            return None if begin or claim else Turn()
        begun, held = self._begin(tx, begin, limits) if begin else ({}, [])
        return Turn(begun, self._claim(tx, claim) if claim else [], held)

    def _claim(self, tx: Tx, most: int) -> list[Claimed]:
        repair(tx, self._campaign_id)
        tx.settle()  # what was repaired, or answered in this very turn, may be claimed in it
        claimed: list[Claimed] = []
        for plan_id in _plans_with_work(tx, self._campaign_id):
            due = (_r.plan_id == plan_id, IS_PLANNED, _r.due <= tx.now)
            query = (
                sa.select(*LOCKED, _r.number, _r.fields).where(*due).order_by(_r.due, _r.id).limit(most - len(claimed))
            )
            rows = tx.run(query.with_for_update(skip_locked=True)).all()
            move(tx, CLAIM, rows, actor=Actor.RUNNER, values={"lease": self.lease})
            claimed += (
                Claimed(row.id, row.plan_id, row.number or "", json.loads(row.fields or "{}"), row.tries, row.setbacks)
                for row in rows
            )
            if len(claimed) >= most:
                break
        return claimed

    def _begin(self, tx: Tx, ids: Sequence[int], limits: Limits) -> tuple[dict[int, Try], list[int]]:
        rows = self._held(tx, ids)
        if not is_open(tx, limits):
            return {}, [row.id for row in rows]
        rows = self._without(tx, SUPPRESS, rows, suppressed_among(tx, [row.person for row in rows]))
        rows = self._without(tx, CAP, rows, sated_among(tx, [row.person for row in rows], limits))
        room = room_today(tx, self._campaign_id, limits)
        rows, held = rows[:room], rows[room:] if room is not None else []
        count_today(tx, self._campaign_id, limits, rows)
        self._move_to_sending(tx, rows)
        return {row.id: Try(row.tries + 1, self.lease) for row in rows}, [row.id for row in held]

    def _move_to_sending(self, tx: Tx, rows: Sequence[Row]) -> None:
        quiet_until = tx.clock + self._quiet_seconds
        values = {"tries": _r.tries + 1, "api": self._api, "posted_at": tx.clock, "quiet_until": quiet_until}
        mine = sa.and_(_r.lease == self.lease, is_live(tx, self.lease))
        if not move(tx, BEGIN, rows, actor=Actor.RUNNER, only_if=mine, values=values):
            raise LeaseLost("the lease ran out while requests were to begin")

    def _without(self, tx: Tx, step: Any, rows: list[Row], persons: set[int]) -> list[Row]:
        out = [row for row in rows if row.person in persons]
        if out:
            reason = "has had as many messages as one person may get" if step is CAP else "said no"
            move(tx, step, out, actor=Actor.RUNNER, values={"reason": reason})
        return [row for row in rows if row.person not in persons]

    def _held(self, tx: Tx, ids: Sequence[int]) -> list[Row]:
        return [row for row in lock(tx, ids) if row.sending is Sending.CLAIMED and row.lease == self.lease]


def _plans_with_work(tx: Tx, campaign_id: int) -> list[int]:
    """Return the plans that were read to their end and have somebody planned, oldest first; by their tallies."""
    mine = (plans.c.campaign_id == campaign_id, WAS_READ, tallies.c.state == "planned")
    query = sa.select(plans.c.id).join(tallies, tallies.c.plan_id == plans.c.id).where(*mine)
    return list(tx.run(query.group_by(plans.c.id).having(sa.func.sum(tallies.c.n) > 0).order_by(plans.c.id)).scalars())
