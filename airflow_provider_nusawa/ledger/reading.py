"""Reading a campaign's list, once for each run: nothing is sent of it before its end is on record."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.bulk import insert_lines
from airflow_provider_nusawa.ledger.campaigns import Campaign, check_text_stands
from airflow_provider_nusawa.ledger.compact_json import compact
from airflow_provider_nusawa.ledger.errors import LeaseLost
from airflow_provider_nusawa.ledger.people import forget_again
from airflow_provider_nusawa.ledger.plans import (
    Counts,
    count_rows,
    erase_part,
    given_up,
    has_elders,
    hold,
    take,
)
from airflow_provider_nusawa.ledger.schema import plans, recipient_id, recipients, tallies
from airflow_provider_nusawa.ledger.states import Delivery, Sending
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.ledger.tx import Tx, chunks

_AT_ONCE = 40_000
"""Lines in one commit. Each commit writes nearly all pages of the index on persons, in which a list lies scattered."""

_SILENT_SECONDS = 10.0
"""How long a slow source may leave the lease on the list without renewal; it lasts 60."""


class Line(NamedTuple):
    """One line of a list. Whoever is to be sent to is ``planned``; the others are kept to be accounted for.

    :param line: Its number in the list, from 1, each only once.
    :param number: Normalised; empty for a bad line.
    :param fields: Its columns, for the text.
    """

    line: int
    number: str = ""
    fields: Mapping[str, Any] = {}
    state: Sending = Sending.PLANNED
    reason: str | None = None


class Reader:
    """Reads one run's list into the ledger: ``open``, ``add`` lines, look at ``counts``, ``complete`` or ``discard``.

    :param is_complete: Whether an earlier try of this run has read it: then nothing is left to do.
    """

    def __init__(self, ledger: Ledger, campaign: Campaign, plan_id: int, *, is_complete: bool) -> None:
        self._ledger = ledger
        self._campaign = campaign
        self._has_elders = not is_complete and ledger.read(lambda tx: has_elders(tx, campaign.id))
        self._planned: list[tuple[int, int, str, str]] = []
        self._others: list[dict[str, Any]] = []
        self._written_at = time.monotonic()
        self.plan_id = plan_id
        self.is_complete = is_complete

    @classmethod
    def open(cls, ledger: Ledger, campaign: Campaign, run_key: str, snapshot: Any = None) -> Reader:
        """Take the campaign's list for one run; what a dead reader left of it is erased, and is read anew.

        :param run_key: The Dag run, or whatever it is that reads the source once.
        :param snapshot: What the texts are to be rendered with beside each row's fields, as JSON can hold it.
        :raises PlanBusy: while another reader lives.
        """
        plan_id, is_complete = ledger.write(lambda tx: take(tx, campaign.id, run_key, snapshot))
        reader = cls(ledger, campaign, plan_id, is_complete=is_complete)
        if not is_complete:
            reader._erase_leftovers()
        return reader

    def add(self, lines: Iterable[Line]) -> None:
        """Take lines in the order of the list; ``write`` follows by itself, at the latest by ``complete``.

        :raises LeaseLost: if another reader has taken over.
        """
        mark, before, planned = self._ledger.person, recipient_id(self.plan_id, 0), Sending.PLANNED
        for line in lines:
            place, number, fields, state, _ = line
            if state is planned:
                # What differs from line to line, and no more: it is done a million times.
                self._planned.append((before + place, mark(number), number, compact(fields)))
            else:
                self._others.append(self._as_other(line))
        waiting = len(self._planned) + len(self._others)
        if waiting >= _AT_ONCE or time.monotonic() > self._written_at + _SILENT_SECONDS:
            self.write()

    def write(self) -> None:
        """Put on record what was added.

        :raises LeaseLost: if another reader has taken over.
        """
        if not self.is_complete:
            self._ledger.write(self._insert)
        self._planned, self._others = [], []
        self._written_at = time.monotonic()

    def counts(self) -> Counts:
        """Return what has been read so far: ``known`` ones are new to this run alone."""
        self.write()
        return self._ledger.read(lambda tx: self._count(tx, count_rows(tx, self.plan_id)))

    def complete(self) -> Counts:
        """Put on record that the list was read to its end: from now on it may be sent."""
        self.write()
        counts = self._ledger.write(self._complete)
        self.is_complete = True
        return counts

    def discard(self) -> None:
        """Give up what was read, so that the next try reads the list anew."""
        self._planned, self._others = [], []
        self._ledger.write(lambda tx: tx.run(hold(self.plan_id, tx).values(run_key=None)))
        self._erase_leftovers(holding=False)

    def _as_other(self, line: Line) -> dict[str, Any]:
        return {
            "id": recipient_id(self.plan_id, line.line),
            "person": self._ledger.person(line.number) if line.number else None,
            "number": line.number or None,
            "sending": line.state,
            "reason": line.reason,
        }

    def _insert(self, tx: Tx) -> None:
        persons = [row[1] for row in self._planned] + [row["person"] for row in self._others if row["number"]]
        known = self._known(tx, persons) if self._has_elders else 0
        read = len(self._planned) + len(self._others)
        self._hold(tx, rows_read=plans.c.rows_read + read, known=plans.c.known + known)
        same = {"plan_id": self.plan_id, "campaign_id": self._campaign.id, "changed_at": tx.now, **_UNTOUCHED}
        insert_lines(tx, self._planned, {"sending": Sending.PLANNED.value, **same})
        if self._others:
            tx.run(tx.insert(recipients).on_conflict_do_nothing(), [{**same, **row} for row in self._others])

    def _known(self, tx: Tx, persons: Sequence[int]) -> int:
        r = recipients.c
        found: set[int] = set()
        for part in chunks(persons):
            query = sa.select(r.person).where(r.person.in_(part), r.campaign_id == self._campaign.id)
            found.update(tx.run(query.where(r.plan_id != self.plan_id)).scalars())
        return sum(person in found for person in persons)

    def _count(self, tx: Tx, by_state: Mapping[Sending, int]) -> Counts:
        read = tx.run(sa.select(plans.c.rows_read, plans.c.known).where(plans.c.id == self.plan_id)).one()
        doubles = read.rows_read - read.known - sum(by_state.values())
        planned, bad, excluded = (by_state.get(state, 0) for state in (Sending.PLANNED, Sending.BAD, Sending.EXCLUDED))
        return Counts(read.rows_read, planned, bad, excluded, read.known, doubles)

    def _complete(self, tx: Tx) -> Counts:
        tx.pass_gate(alone=False)
        check_text_stands(tx, self._campaign)
        self._hold(tx)
        forget_again(tx, self._campaign.id)
        by_state = count_rows(tx, self.plan_id)
        counts = self._count(tx, by_state)
        self._hold(tx, complete_at=tx.now, doubles=counts.doubles)
        # Whoever was forgotten while the list was being read has been counted, and is counted here with all others.
        tx.run(sa.delete(tallies).where(tallies.c.plan_id == self.plan_id))
        for state, n in by_state.items():
            tx.count(self.plan_id, state.value, n)
        return counts

    def _hold(self, tx: Tx, **values: Any) -> None:
        if tx.run(hold(self.plan_id, tx).values(values)).rowcount != 1:
            raise LeaseLost("another reader has taken over this campaign's list")

    def _erase_leftovers(self, *, holding: bool = True) -> None:
        """Erase, a part at a time, what dead readers left: their rows are in the way of ours."""
        for plan_id in self._ledger.read(lambda tx: given_up(tx, self._campaign.id)):
            while self._ledger.write(partial(erase_part, plan_id=plan_id)):
                if holding:
                    self._ledger.write(self._hold)


_UNTOUCHED: dict[str, str | int | float] = {
    "delivery": Delivery.NONE.value, "tries": 0, "setbacks": 0, "due": 0.0, "quiet_until": 0.0, "asked_at": 0.0,
}  # fmt: skip
