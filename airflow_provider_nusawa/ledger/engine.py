"""Opening the database: what SQLite and PostgreSQL must be told so that what is committed stays committed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.pool import QueuePool

from airflow_provider_nusawa.ledger.errors import LedgerUnfit
from airflow_provider_nusawa.ledger.place import check_place, connect
from airflow_provider_nusawa.ledger.schema_shared import meta


def engine_of(url: str | URL) -> Engine:
    """Return an engine for ``sqlite:///path`` or ``postgresql://…``. Its errors show no parameters: they hold numbers.

    :raises LedgerUnfit: for any other database, a PostgreSQL without a driver here, a file on a network file system.
    """
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return _sqlite(path_of(parsed))
    if kind in ("postgresql", "postgres"):
        return _postgresql(parsed)
    raise LedgerUnfit(f"a ledger can be kept in PostgreSQL or in a SQLite file, not in {kind}")


def hold_to(engine: Engine, ledger_id: str) -> None:
    """From now on refuse connections that lead to another ledger: a file that replaced this one, another server.

    Whoever opens a connection then gets LedgerUnfit.
    """

    def check(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SELECT ledger_id FROM {meta.name}")  # noqa: S608 - a name of our own
        (found,) = cursor.fetchone()
        cursor.close()
        connection.commit()
        if found != ledger_id:
            connection.close()
            raise LedgerUnfit(f"where the ledger {ledger_id} was when this began, there is another one now, {found}")

    sa.event.listen(engine, "connect", check)


def path_of(url: str | URL) -> Path | None:
    """Return the file of a SQLite ledger; None for PostgreSQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise LedgerUnfit("a ledger in memory would forget; name a file")
    return Path(parsed.database)


def _sqlite(path: Path | None) -> Engine:
    assert path is not None  # noqa: S101 - for the type checker: engine_of asks only for SQLite
    check_place(path)
    engine = sa.create_engine(
        "sqlite://", creator=lambda: connect(path), poolclass=QueuePool, future=True, hide_parameters=True
    )
    sa.event.listen(engine, "connect", lambda _, record: record.info.update(file=_file_at(path)))
    sa.event.listen(engine, "checkout", lambda _, record, __: _check_same_file(path, record.info["file"]))
    # Who writes takes the lock at once: who reads first and writes then would fail instead of waiting.
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(_begin(connection)))
    return engine


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _check_same_file(path: Path, opened: tuple[int, int] | None) -> None:
    """Have the connection opened anew if the file was moved or replaced: what it wrote, nobody would ever read."""
    if _file_at(path) != opened:
        raise sa.exc.DisconnectionError("another file lies there now")


def _begin(connection: sa.Connection) -> str:
    return "BEGIN" if connection.get_execution_options().get("only_reads") else "BEGIN IMMEDIATE"


def _postgresql(url: URL) -> Engine:
    # Airflow writes postgres://, which SQLAlchemy does not know; and SQLAlchemy 2.1 means another driver than 1.4.
    url = url.set(drivername=f"postgresql+{_driver(url)}")
    options: dict[str, Any] = {"executemany_mode": "values_plus_batch"} if url.drivername.endswith("psycopg2") else {}
    try:
        engine = sa.create_engine(
            url,
            isolation_level="READ COMMITTED",  # whatever the server's default: the locks are ours
            pool_pre_ping=True,
            future=True,
            hide_parameters=True,
            connect_args={"connect_timeout": 10, "application_name": "nusawa ledger"},
            **options,
        )
    except (ImportError, sa.exc.NoSuchModuleError) as error:  # the latter: SQLAlchemy 1.4 has never heard of psycopg
        what = (
            f"a ledger in PostgreSQL needs a driver, and here is none that works ({error}); "
            "pip install apache-airflow-providers-postgres, on every machine that opens the ledger"
        )
        raise LedgerUnfit(what) from error
    sa.event.listen(engine, "connect", _promise)
    return engine


def _driver(url: URL) -> str:
    if "+" in url.drivername:
        return url.drivername.split("+")[1]
    return "psycopg2" if find_spec("psycopg2") else "psycopg"


def _promise(connection: Any, _record: object) -> None:
    """Have commits wait for the disk, and a frozen runner's transaction end without it."""
    cursor = connection.cursor()
    cursor.execute("SHOW synchronous_commit")
    if cursor.fetchone()[0] in ("off", "local", "remote_write"):
        cursor.execute("SET synchronous_commit TO on")
    cursor.execute("SET idle_in_transaction_session_timeout TO '30s'")
    cursor.execute("SET lock_timeout TO '30s'")
    cursor.close()
    connection.commit()
