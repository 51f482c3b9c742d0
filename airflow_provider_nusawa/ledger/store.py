"""One ledger, opened: transactions over it, its clock, and the secret by which it knows people without naming them."""

from __future__ import annotations

import hmac
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, CursorResult, Engine
from sqlalchemy.exc import DBAPIError

from airflow_provider_nusawa.ledger.engine import engine_of, path_of
from airflow_provider_nusawa.ledger.errors import LedgerUnavailable
from airflow_provider_nusawa.ledger.place import make_file
from airflow_provider_nusawa.ledger.schema import tallies
from airflow_provider_nusawa.ledger.versions import Identity, prepare

Result = TypeVar("Result")
Clock = Callable[[], Any]
Rows = Sequence[dict[str, Any]]

_TRIES = 5
_GATE = 0x6E757361  # "nusa", the ledger's place among PostgreSQL's advisory locks


class Tx:
    """One transaction.

    :param now: The database's time when it began, for what is written down.
    :param clock: The database's time as SQL, for what depends on the very moment, such as a lease.
    :param shard: Which of a plan's tallies this writes to; runners have their own, so that none waits for another.
    """

    def __init__(self, ledger: Ledger, connection: Connection) -> None:
        self.ledger = ledger
        self.clock = ledger.clock()
        self.shard = 0
        self._deltas: Counter[tuple[int, str]] = Counter()
        self._connection = connection
        self.now = self._look_at_the_clock()

    def run(self, statement: Any, rows: Rows | None = None) -> CursorResult[Any]:
        return self._connection.execute(statement, rows) if rows else self._connection.execute(statement)

    def insert(self, table: sa.Table) -> Any:
        """Return an INSERT that knows ON CONFLICT, in the words of this database."""
        return (postgresql if self.ledger.is_postgresql else sqlite).insert(table)

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


@dataclass(frozen=True)
class Ledger:
    """A ledger of one version, ready for use by many threads.

    :param identity: Its id, by which a campaign knows it again, and its secret.
    :param clock: Returns the SQL expression for the time; tests bring their own.
    """

    engine: Engine
    identity: Identity
    clock: Clock

    @property
    def id(self) -> str:
        return self.identity.ledger_id

    @property
    def is_postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def person(self, number: str) -> bytes:
        """Return the mark of a normalised number: always the same in this ledger, another in any other."""
        return hmac.digest(self.identity.secret, number.encode(), "sha256")[:16]

    def write(self, work: Callable[[Tx], Result]) -> Result:
        """Run ``work`` in a transaction, durable once this returns; again from its start where it met a lock.

        :raises LedgerUnavailable: if the database cannot; then either nothing of it stands, or, where the
            connection broke in the commit itself, all of it may.
        """

        def settled(connection: Connection) -> Result:
            tx = Tx(self, connection)
            result = work(tx)
            tx.settle()
            return result

        return _unwrapped(self.engine, settled)

    def read(self, work: Callable[[Tx], Result]) -> Result:
        """Run ``work`` in a transaction that changes nothing, and keeps no writer waiting."""
        return _unwrapped(self.engine, lambda connection: work(Tx(self, connection)), only_reads=True)

    def close(self) -> None:
        self.engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_ledger(url: str | URL, *, create: bool = False, clock: Clock | None = None) -> Ledger:
    """Open a ledger and bring its tables up to date; safe in any number of processes at once.

    :param url: ``sqlite:////absolute/path`` or ``postgresql://…``.
    :param create: Whether to make it where there is none: a campaign's first run and ``init`` alone may.
    :raises LedgerMissing: if there is none and it may not be made.
    :raises LedgerUnfit: if it could lose what it is told, or is newer than this release.
    """
    path = path_of(url)
    if create and path is not None and not path.exists():
        make_file(path)
    engine = engine_of(url)
    clock = clock or (postgresql_clock if engine.dialect.name == "postgresql" else sqlite_clock)
    identity: Identity = _unwrapped(engine, lambda connection: prepare(connection, create=create))
    return Ledger(engine, identity, clock)


def sqlite_clock() -> Any:
    return sa.literal_column("(julianday('now') - 2440587.5) * 86400.0", sa.Float(53))


def postgresql_clock() -> Any:
    # Not now(), which stands still while a transaction waits for a lock.
    return sa.literal_column("extract(epoch FROM clock_timestamp())::double precision", sa.Float(53))


def chunks(items: Iterable[Any], size: int = 500) -> Iterable[list[Any]]:
    """Cut into lists short enough for one statement; older SQLites take 999 parameters."""
    items = list(items)
    return (items[start : start + size] for start in range(0, len(items), size))


def _unwrapped(engine: Engine, work: Callable[[Connection], Result], *, only_reads: bool = False) -> Result:
    for attempt in range(1, _TRIES + 1):
        try:
            with engine.connect().execution_options(only_reads=only_reads) as connection, connection.begin():
                return work(connection)
        except DBAPIError as error:
            if attempt == _TRIES or not _met_a_lock(error):
                # Not from the error: PostgreSQL's quote the statement, and the numbers in it, into every traceback.
                raise LedgerUnavailable(_why(error)) from None
            time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - to part two that met
    raise AssertionError("unreachable")


def _met_a_lock(error: DBAPIError) -> bool:
    """Whether the database gave this transaction up for another's sake, so that nothing of it stands."""
    code = getattr(error.orig, "pgcode", None) or getattr(error.orig, "sqlstate", None)
    return code in ("40001", "40P01") or "database is locked" in str(error.orig)


def _why(error: DBAPIError) -> str:
    # The driver's first line names host or file, and no secret; what follows may quote a row.
    lines = str(error.orig).strip().splitlines()
    return f"the ledger's database failed ({lines[0] if lines else type(error.orig).__name__})"
