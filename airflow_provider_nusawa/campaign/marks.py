"""People by their numbers, and texts by their marks, however many, in little memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

_AT_ONCE = 500


class People:
    """A set of normalised numbers, in a file that nobody else can open and that ends with the process.

    SQLite keeps what is opened without a name in memory up to its cache, and beyond that in a file that has been
    deleted already. A million numbers take 16 MB of it; as a Python set they take 100 MB, and are not bounded.
    Numbers have at most 15 digits: as integers they are exact, where a hash would at some time exclude a stranger.
    """

    def __init__(self) -> None:
        self._connection = _opened("CREATE TABLE people (number INTEGER PRIMARY KEY)")

    def add(self, numbers: Iterable[str]) -> int:
        """Add those who are not in it yet; return how many that were."""
        before = self._connection.total_changes
        rows = [(int(number),) for number in numbers]
        rows.sort()
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT OR IGNORE INTO people VALUES (?)", rows)
        self._connection.execute("COMMIT")
        return self._connection.total_changes - before

    def among(self, numbers: Sequence[str]) -> set[str]:
        """Return which of these are in it."""
        found: set[str] = set()
        for start in range(0, len(numbers), _AT_ONCE):
            part = [int(number) for number in numbers[start : start + _AT_ONCE]]
            found.update(str(row[0]) for row in self._asked(part))
        return found

    def close(self) -> None:
        self._connection.close()

    def _asked(self, part: Sequence[int]) -> Any:
        marks = ",".join("?" * len(part))
        return self._connection.execute(f"SELECT number FROM people WHERE number IN ({marks})", part)  # noqa: S608


class Texts:
    """How often each text occurs; texts by a mark of 63 bits, which is exact enough for an estimate."""

    def __init__(self) -> None:
        self._connection = _opened("CREATE TABLE texts (mark INTEGER PRIMARY KEY, n INTEGER NOT NULL)")

    def add(self, texts: Iterable[str]) -> None:
        marks = sorted(_mark(text) for text in texts)
        self._connection.execute("BEGIN")
        once_more = "INSERT INTO texts VALUES (?, 1) ON CONFLICT (mark) DO UPDATE SET n = n + 1"
        self._connection.executemany(once_more, [(mark,) for mark in marks])
        self._connection.execute("COMMIT")

    def beyond(self, most: int) -> int:
        """Return how many there are of which more than ``most`` are equal, those not counted."""
        query = "SELECT coalesce(sum(n - ?), 0) FROM texts WHERE n > ?"
        return int(self._connection.execute(query, (most, most)).fetchone()[0])

    def close(self) -> None:
        self._connection.close()


def _opened(table: str) -> sqlite3.Connection:
    connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA cache_size = -8000")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(table)
    return connection


def _mark(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
