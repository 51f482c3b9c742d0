"""The journal's second store: for single sends and notifiers, through clears, re-ordered maps and older Airflows.

A recipient of a mapped task counts as sent to if either his place and number, or his number and text, are on record
for the dag, run and task: lists get re-ordered, and texts get a ``try_number``. So the same text to the same person
from two places of one map is sent once: too little rather than too much.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.journal import Entry, Intent, JournalUnavailable, Suppressed, stronger
from airflow_provider_nusawa.ledger.delivery import apply_orphans
from airflow_provider_nusawa.ledger.errors import LedgerUnavailable
from airflow_provider_nusawa.ledger.people import note_opted_out, suppressed
from airflow_provider_nusawa.ledger.schema_shared import LONGEST_ID, journal
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.ledger.tx import Tx, chunks

Result = TypeVar("Result")

_j = journal.c
_Matches = frozenset[tuple[int, str]]  # what was on record of one person: rows, and the groups that wrote them last


class LedgerStore:
    """Remembers for one task instance, or for an idempotency key across runs.

    :param account: The account that sends: in the intents' marks too, here so that a person can be found again.
    :param identity: Dag, run and task; or the key alone.
    :param map_index: The place in a map; -1 outside of one.
    :param heed_suppressions: Whether to intend nothing for people who have said no.
    """

    def __init__(
        self, ledger: Ledger, account: str, *identity: str, map_index: int = -1, heed_suppressions: bool = False
    ) -> None:
        self._ledger = ledger
        self._account = account
        self._scope = mark_of(ledger, "scope\0" + "\0".join(identity))
        self._map_index = map_index
        self._heeds = heed_suppressions
        self._seen: dict[str, _Matches] = {}
        self._groups: dict[str, Sequence[Intent]] = {}

    def mark(self, value: str) -> str:
        """Return a mark under the ledger's secret: the same in all its tasks, so that a person can be found in it."""
        return mark_of(self._ledger, value)

    def recorded(self, intents: Sequence[Intent]) -> list[Entry | None]:
        found = self._attempt(lambda: self._ledger.read(lambda tx: self._matching(tx, intents)))
        self._seen.update({person: _matches(rows) for person, rows in found.items()})
        return [_merged(found[intent.person]) for intent in intents]

    def intend(self, intents: Sequence[Intent]) -> str:
        """Put a group on record.

        :raises JournalUnavailable: also if another live try has put one of them on record since ``recorded``.
        :raises Suppressed: if some have said no. Who says so later, says it after these were sent to.
        """
        group = secrets.token_hex(16)
        self._attempt(lambda: self._ledger.write(lambda tx: self._intend(tx, intents, group)))
        self._groups[group] = tuple(intents)
        return group

    def conclude(self, group: str, entries: Sequence[Entry]) -> None:
        self._attempt(lambda: self._ledger.write(lambda tx: self._conclude(tx, group, entries)))

    def _attempt(self, work: Callable[[], Result]) -> Result:
        try:
            return work()
        except LedgerUnavailable as error:
            raise JournalUnavailable(error.what) from error

    def _matching(self, tx: Tx, intents: Sequence[Intent]) -> dict[str, list[Any]]:
        """Return the rows that speak of each person: of this place in the map, or of this text."""
        found: dict[str, list[Any]] = {intent.person: [] for intent in intents}
        texts = {intent.person: intent.text for intent in intents}
        for part in chunks(texts):
            query = sa.select(journal).where(_j.scope == self._scope, _j.person.in_(part)).order_by(_j.id)
            for row in tx.run(query):
                if row.map_index == self._map_index or row.text == texts[row.person]:
                    found[row.person].append(row)
        return found

    def _intend(self, tx: Tx, intents: Sequence[Intent], group: str) -> None:
        tx.pass_gate(alone=True)
        if barred := self._barred(tx, intents):
            raise Suppressed(barred)
        now = {person: _matches(rows) for person, rows in self._matching(tx, intents).items()}
        if any(now[intent.person] != self._seen.get(intent.person, frozenset()) for intent in intents):
            raise JournalUnavailable("another try of this task has put one of these messages on record meanwhile")
        upsert = tx.insert(journal)
        latest = {name: upsert.excluded[name] for name in (*_BLANK, "text", "batch", "outcome", "at")}
        key = ["scope", "map_index", "person"]
        rows = [self._row(tx, intent, group) for intent in intents]
        tx.run(upsert.on_conflict_do_update(index_elements=key, set_=latest), rows)

    def _barred(self, tx: Tx, intents: Sequence[Intent]) -> frozenset[str]:
        if not self._heeds:
            return frozenset()
        numbers = suppressed(tx, [intent.number for intent in intents])
        return frozenset(intent.person for intent in intents if intent.number in numbers)

    def _row(self, tx: Tx, intent: Intent, group: str) -> dict[str, Any]:
        who = {"scope": self._scope, "map_index": self._map_index, "account": self._account, "person": intent.person}
        return {**_BLANK, **who, "text": intent.text, "batch": group, "outcome": Outcome.UNKNOWN, "at": tx.now}

    def _conclude(self, tx: Tx, group: str, entries: Sequence[Entry]) -> None:
        tx.pass_gate(alone=False)  # or a report that comes at this moment would miss its message, and wait in vain
        said_no = [intent.number for intent, entry in zip(self._groups[group], entries, strict=True) if entry.opted_out]
        if said_no:
            note_opted_out(tx, filter(None, said_no), who="a send task")
        update = sa.update(journal).where(_j.batch == group, _j.person == sa.bindparam("whom"))
        rows = [_outcome(intent.person, entry) for intent, entry in zip(self._groups[group], entries, strict=True)]
        if rows:
            names = [name for name in rows[0] if name != "whom"]
            tx.run(update.values(at=tx.now, **{name[4:]: sa.bindparam(name) for name in names}), rows)
        apply_orphans(tx, (entry.message_id for entry in entries if entry.message_id))


_BLANK: dict[str, Any] = {"message_id": "", "api": "", "code": None, "refusal": "", "letter": ""}


def mark_of(ledger: Ledger, value: str) -> str:
    return hmac.digest(ledger.identity.secret, value.encode(), "sha256").hex()[:32]


def journal_of(tx: Tx, number: str) -> list[dict[str, Any]]:
    """Return what single sends and notifiers have on record of a normalised number, oldest first."""
    accounts = tx.run(sa.select(_j.account).distinct()).scalars().all()
    marks = [
        mark_of(tx.ledger, f"{account}|{posted_to}|{number}")
        for account in accounts
        for posted_to in ("direct", "redirected")
    ]
    columns = (_j.at, _j.account, _j.outcome, _j.message_id, _j.api, _j.code, _j.letter)
    query = sa.select(*columns).where(_j.person.in_(marks)).order_by(_j.id)
    return [dict(row._mapping) for row in tx.run(query)]


def _matches(rows: Iterable[Any]) -> _Matches:
    return frozenset((row.id, row.batch) for row in rows)


def _merged(rows: Iterable[Any]) -> Entry | None:
    merged: Entry | None = None
    for row in rows:
        entry = Entry(row.outcome, row.text, row.message_id, row.api, row.code, row.refusal)
        merged = stronger(merged, entry)
    return merged


def _outcome(person: str, entry: Entry) -> dict[str, Any]:
    return {
        "whom": person,
        "new_outcome": entry.outcome,
        "new_message_id": entry.message_id[:LONGEST_ID],
        "new_api": entry.api,
        "new_code": entry.code,
        "new_refusal": entry.scope,
    }
