"""Inserting a list's lines as fast as each database can: what SQLAlchemy does for each value costs more than that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from airflow_provider_nusawa.ledger.schema import recipients
from airflow_provider_nusawa.ledger.tx import Tx

COLUMNS = {"id": "bigint", "person": "bigint", "number": "text", "fields": "text"}
"""What differs from line to line, with PostgreSQL's type."""


def insert_lines(tx: Tx, rows: Sequence[tuple[int, int, str, str]], same: Mapping[str, str | int | float]) -> None:
    """Insert recipients, but for those whom the campaign has already: of each row ``COLUMNS``, and what all share.

    :param same: Written into the statement itself: never what came from a list, whose values are bound.
    """
    if not rows:
        return
    head = f"INSERT INTO {recipients.name} ({', '.join((*COLUMNS, *same))})"
    shared = ", ".join(map(repr, same.values()))
    if tx.ledger.is_postgresql:
        # One array a column, and one statement: parsing a thousand rows of VALUES takes three times as long.
        arrays = ", ".join(f"%({name})s::{kind}[]" for name, kind in COLUMNS.items())
        statement = f"{head} SELECT *, {shared} FROM unnest({arrays}) ON CONFLICT DO NOTHING"  # noqa: S608 - all ours
        tx.run_raw(statement, dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True)))
    else:
        holes = ", ".join("?" * len(COLUMNS))
        tx.run_raw(f"{head} VALUES ({holes}, {shared}) ON CONFLICT DO NOTHING", list(rows))
