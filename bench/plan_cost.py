"""Run in a fresh interpreter: ``plan_cost.py ours|bare LIST LEDGER`` prints seconds, CPU seconds, MB and rows as JSON.

Bare is what one would write: it reads the CSV and inserts it, in batches, into a table without an index.
"""

from __future__ import annotations

import csv
import json
import resource
import sqlite3
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path

from airflow_provider_nusawa.ledger.store import open_ledger
from bench.campaigns import Watch, plan_list

AT_ONCE = 10_000
COLUMNS = "number, nama, kota, tagihan"


def main(which: str, path: str, url: str) -> None:
    work = {"ours": ours, "bare": bare_postgresql if url.startswith("postgres") else bare_sqlite}[which]
    before, watch = peak_mb(), Watch()
    rows = work(Path(path), url)
    spent = watch.spent(rows)
    print(json.dumps([spent.seconds, spent.cpu_seconds, peak_mb() - before, rows]))


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(path: Path, url: str) -> int:
    with open_ledger(url, create=True) as ledger:
        return plan_list(ledger, path).counts.planned


def bare_sqlite(path: Path, url: str) -> int:
    database = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute(f"CREATE TABLE bare ({COLUMNS})")

    def insert(rows: list[list[str]]) -> None:
        database.execute("BEGIN")
        database.executemany("INSERT INTO bare VALUES (?, ?, ?, ?)", rows)
        database.execute("COMMIT")

    return insert_all(path, insert)


def bare_postgresql(path: Path, url: str) -> int:
    driver, extras = import_module("psycopg2"), import_module("psycopg2.extras")
    database = driver.connect(url)
    cursor = database.cursor()
    cursor.execute(f"CREATE TABLE bare ({COLUMNS.replace(',', ' text,')} text)")

    def insert(rows: list[list[str]]) -> None:
        extras.execute_values(cursor, "INSERT INTO bare VALUES %s", rows, page_size=1000)
        database.commit()

    return insert_all(path, insert)


def insert_all(path: Path, insert: Callable[[list[list[str]]], None]) -> int:
    inserted = 0
    for rows in batches(path):
        insert(rows)
        inserted += len(rows)
    return inserted


def batches(path: Path) -> Iterator[list[list[str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        while rows := list(islice(reader, AT_ONCE)):
            yield rows


if __name__ == "__main__":
    main(*sys.argv[1:])
