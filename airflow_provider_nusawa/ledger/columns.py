"""The kinds of column that the ledger's tables share."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa

metadata = sa.MetaData()

TIME = sa.Float(53)
"""Seconds since 1970, by the database's clock."""

PERSON = sa.BigInteger()
"""A number's HMAC under the ledger's secret, as ``Marker`` makes it."""

COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""Only a column of type INTEGER is SQLite's own row number: it numbers rows by itself, and needs no index."""


def state(kind: type[Enum]) -> sa.Enum:
    return sa.Enum(kind, values_callable=lambda kind: [one.value for one in kind], native_enum=False, length=10)


def partial_index(name: str, where: sa.TextClause, *columns: sa.Column[object]) -> sa.Index:
    """Index only the rows that fulfil a condition: the few in flight among a million at rest."""
    return sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)
