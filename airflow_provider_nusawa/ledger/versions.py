"""Making the ledger's tables, and bringing older ones up to date, safely when ten processes do so at once."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from airflow_provider_nusawa.ledger import schema  # noqa: F401 - puts its tables into the metadata
from airflow_provider_nusawa.ledger.columns import metadata
from airflow_provider_nusawa.ledger.errors import LedgerMissing, LedgerUnfit
from airflow_provider_nusawa.ledger.schema_shared import meta

Upgrade = Callable[[Connection], None]

UPGRADES: Mapping[int, Upgrade] = {}
"""By the version that each starts from. A released one is never changed: ledgers out there have run it."""

_MAKING = 0x6E757362  # PostgreSQL's advisory lock for making and upgrading


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a ledger this one and no other."""

    ledger_id: str
    secret: bytes = field(repr=False)


def prepare(connection: Connection, *, create: bool, upgrades: Mapping[int, Upgrade] = UPGRADES) -> Identity:
    """Make or upgrade the tables as needed, in the transaction that is open, and return whose they are.

    :raises LedgerMissing: if there are none and none may be made.
    :raises LedgerUnfit: if a newer release made them.
    """
    # SQLite's transaction has the one write lock already; PostgreSQL's DDL would let two make the same table.
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING)))
    if not sa.inspect(connection).has_table(meta.name):
        if not create:
            raise LedgerMissing("the database holds no ledger")
        _make(connection, 1 + len(upgrades))
    version, ledger_id, secret = connection.execute(sa.select(meta.c.version, meta.c.ledger_id, meta.c.secret)).one()
    _upgrade(connection, version, upgrades)
    return Identity(ledger_id, secret)


def _make(connection: Connection, version: int) -> None:
    metadata.create_all(connection)
    row = {"one": 1, "version": version, "ledger_id": secrets.token_hex(16), "created_at": time.time()}
    connection.execute(sa.insert(meta).values(secret=secrets.token_bytes(32), **row))


def _upgrade(connection: Connection, version: int, upgrades: Mapping[int, Upgrade]) -> None:
    newest = 1 + len(upgrades)
    if version > newest:
        what = f"the ledger has version {version}, and this release knows none above {newest}; upgrade the provider"
        raise LedgerUnfit(what)
    for start in range(version, newest):
        upgrades[start](connection)
        connection.execute(sa.update(meta).values(version=start + 1))
