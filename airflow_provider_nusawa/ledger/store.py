"""One ledger, opened: work in transactions, and the secret by which it knows people without naming them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from airflow_provider_nusawa.ledger.engine import engine_of, hold_to, path_of
from airflow_provider_nusawa.ledger.errors import LedgerUnavailable
from airflow_provider_nusawa.ledger.marking import Marker
from airflow_provider_nusawa.ledger.place import make_file
from airflow_provider_nusawa.ledger.tx import Clock, End, Tx, postgresql_clock, sqlite_clock
from airflow_provider_nusawa.ledger.versions import Identity, prepare

Result = TypeVar("Result")
OnEnds = Callable[[Sequence[End]], None]

_TRIES = 5


@dataclass(frozen=True)
class Ledger:
    """A ledger of one version, ready for use by many threads.

    :param identity: Its id, by which a campaign knows it again, and its secret.
    :param clock: Returns the SQL expression for the time; tests bring their own.
    :param on_ends: Told which campaigns' messages a commit has brought to their end, each once; raises nothing.
    """

    engine: Engine
    identity: Identity
    clock: Clock
    on_ends: OnEnds = lambda ends: None

    @property
    def id(self) -> str:
        return self.identity.ledger_id

    @property
    def is_postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    @cached_property
    def person(self) -> Marker:
        """Return the mark of a normalised number: always the same in this ledger, another in any other."""
        return Marker(self.identity.secret)

    def write(self, work: Callable[[Tx], Result]) -> Result:
        """Run ``work`` in a transaction, durable once this returns; again from its start where it met a lock.

        :raises LedgerUnavailable: if the database cannot; then either nothing of it stands, or, where the
            connection broke in the commit itself, all of it may.
        """

        def settled(connection: Connection) -> tuple[Result, list[End]]:
            tx = Tx(self, connection)
            result = work(tx)
            tx.settle()
            return result, tx.ends

        result, ends = _unwrapped(self.engine, settled)
        if ends:
            self.on_ends(ends)
        return result

    def read(self, work: Callable[[Tx], Result]) -> Result:
        """Run ``work`` in a transaction that changes nothing, and keeps no writer waiting."""
        return _unwrapped(self.engine, lambda connection: work(Tx(self, connection)), only_reads=True)

    def hold(self) -> None:
        """Be this ledger for as long as it is used: one that comes to lie in its place raises LedgerUnfit.

        For whoever sends. Who only looks, or puts down what the gateway tells, goes on with the one that is there.
        """
        hold_to(self.engine, self.id)

    def close(self) -> None:
        self.engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_ledger(
    url: str | URL, *, create: bool = False, clock: Clock | None = None, on_ends: OnEnds = lambda ends: None
) -> Ledger:
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
    return Ledger(engine, identity, clock, on_ends)


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
    """Whether the database gave this transaction up for another's sake, so that nothing of it stands.

    PostgreSQL does. SQLite lets one writer at a time in, and has waited 30 seconds before it says that it is locked.
    """
    code = getattr(error.orig, "pgcode", None) or getattr(error.orig, "sqlstate", None)
    return code in ("40001", "40P01")


def _why(error: DBAPIError) -> str:
    # The driver's first line names host or file, and no secret; what follows may quote a row.
    lines = str(error.orig).strip().splitlines()
    return f"the ledger's database failed ({lines[0] if lines else type(error.orig).__name__})"
