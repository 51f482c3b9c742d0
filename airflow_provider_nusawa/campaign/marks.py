"""People by their numbers, however many, in little memory: to exclude them, or to have seen them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

_AT_ONCE = 500


class People:
    """A set of normalised numbers, in a file that nobody else can open and that ends with the process.

    SQLite keeps what is opened without a name in memory up to its cache, and beyond that in a file that has been
    deleted already. A million numbers take 16 MB of it; as a Python set they take 100 MB, and are not bounded.
    Numbers have at most 15 digits: as integers they are exact, where a hash would at some time exclude a stranger.
    """

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA cache_size = -8000")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("CREATE TABLE people (number INTEGER PRIMARY KEY)")

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
