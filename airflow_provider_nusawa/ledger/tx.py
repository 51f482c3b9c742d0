"""One transaction over a ledger: statements, the database's clock, the gate, and counts that are written at its end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, CursorResult

from airflow_provider_nusawa.ledger.schema import tallies

if TYPE_CHECKING:
    from airflow_provider_nusawa.ledger.store import Ledger

Clock = Callable[[], Any]
Rows = Sequence[dict[str, Any]]

_GATE = 0x6E757361  # "nusa", the ledger's place among PostgreSQL's advisory locks


@dataclass(frozen=True, slots=True)
class End:
    """An accepted message that was heard to be delivered, or to have failed, for the first time.

    :param delay_seconds: From its request until it was heard to be delivered; None if it failed.
    """

    delay_seconds: float | None


class Tx:
    """One transaction.

    :param now: The database's time when it began, for what is written down.
    :param clock: The database's time as SQL, for what depends on the very moment, such as a lease.
    :param shard: Which of a plan's tallies this writes to; runners have their own, so that none waits for another.
    :param ends: Campaigns' messages that came to their end by this.
    """

    def __init__(self, ledger: Ledger, connection: Connection) -> None:
        self.ledger = ledger
        self.clock = ledger.clock()
        self.shard = 0
        self.ends: list[End] = []
        self._deltas: Counter[tuple[int, str]] = Counter()
        self._connection = connection
        self.now = self._look_at_the_clock()

    def run(self, statement: Any, rows: Rows | None = None) -> CursorResult[Any]:
        return self._connection.execute(statement, rows) if rows else self._connection.execute(statement)

    def run_raw(self, statement: str, values: Any) -> None:
        """Run a statement in the driver's own words."""
        self._connection.exec_driver_sql(statement, values)

    def insert(self, table: sa.Table) -> Any:
        """Return an INSERT that knows ON CONFLICT, in the words of this database."""
        return (postgresql if self.ledger.is_postgresql else sqlite).insert(table)

    def among(self, column: Any, values: Iterable[Any]) -> Any:
        """Return the condition that a column holds one of these: one parameter, however many they are."""
        if self.ledger.is_postgresql:
            return column == sa.any_(sa.bindparam(None, list(values), type_=postgresql.ARRAY(column.type)))
        listed = sa.func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(sa.select(listed.c.value))

    def pass_gate(self, *, alone: bool) -> None:
        """Wait for whoever is alone in the gate, and be alone if asked; until the commit.

        SQLite needs no gate: it has one writer at a time.
        """
        if self.ledger.is_postgresql:
            # Also this transaction's time moves on: it may have waited.
            lock = sa.func.pg_advisory_xact_lock if alone else sa.func.pg_advisory_xact_lock_shared
            self.run(sa.select(lock(_GATE)))
            self.now = self._look_at_the_clock()

    def count(self, plan_id: int, state: str, n: int) -> None:
        """Note that so many more recipients of a plan, or fewer, are in a state; written when the transaction ends."""
        self._deltas[plan_id, state] += n

    def settle(self) -> None:
        """Write what was counted, once. In order of the key, so that no two transactions wait for each other."""
        rows = [
            {"plan_id": plan_id, "shard": self.shard, "state": state, "n": n}
            for (plan_id, state), n in sorted(self._deltas.items())
            if n
        ]
        self._deltas.clear()
        if rows:
            upsert = self.insert(tallies)
            key = ["plan_id", "shard", "state"]
            self.run(
                upsert.on_conflict_do_update(index_elements=key, set_={"n": tallies.c.n + upsert.excluded.n}), rows
            )

    def _look_at_the_clock(self) -> float:
        return float(self.run(sa.select(self.clock)).scalar_one())


def sqlite_clock() -> Any:
    return sa.literal_column("(julianday('now') - 2440587.5) * 86400.0", sa.Float(53))


def postgresql_clock() -> Any:
    # Not now(), which stands still while a transaction waits for a lock.
    return sa.literal_column("extract(epoch FROM clock_timestamp())::double precision", sa.Float(53))


def chunks(items: Iterable[Any], size: int = 500) -> Iterable[list[Any]]:
    """Cut into lists short enough for one statement; older SQLites take 999 parameters."""
    items = list(items)
    return (items[start : start + size] for start in range(0, len(items), size))
