"""What a real Airflow wrote down: states, XComs, task state, logs. Read from its files, without importing Airflow."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any


class Books:
    """Reads the home folder of a real Airflow while it runs, or after.

    :param home: Its AIRFLOW_HOME.
    """

    def __init__(self, home: Path) -> None:
        self.home = home

    def ask(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Return the rows of a query on Airflow's database."""
        with closing(sqlite3.connect(f"file:{self.home}/airflow.db?mode=ro", uri=True, timeout=30)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, values)]

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        rows = self.ask("SELECT state FROM dag_run WHERE dag_id = ? AND run_id = ?", dag_id, run_id)
        return rows[0]["state"] if rows else None

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the run's task instances as rows: ``task_id``, ``map_index``, ``state``, ``try_number``, ``pid``…"""
        query = "SELECT * FROM task_instance WHERE dag_id = ? AND run_id = ? ORDER BY task_id, map_index"
        return self.ask(query, dag_id, run_id)

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """Return each task's state by its name; a mapped one is called ``name[0]``."""
        return {
            row["task_id"] if row["map_index"] < 0 else f"{row['task_id']}[{row['map_index']}]": row["state"]
            for row in self.tasks(dag_id, run_id)
        }

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        """Return an XCom's value, or None if there is none."""
        query = "SELECT value FROM xcom WHERE dag_id = ? AND run_id = ? AND task_id = ? AND key = ? AND map_index = ?"
        rows = self.ask(query, dag_id, run_id, task_id, key, map_index)
        return unpack(rows[0]["value"]) if rows else None

    def task_state(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> dict[str, Any]:
        """Return what a task wrote into its task state (Airflow 3.3+)."""
        query = "SELECT * FROM task_state_store WHERE dag_id = ? AND run_id = ? AND task_id = ? AND map_index = ?"
        return {row["key"]: unpack(row["value"]) for row in self.ask(query, dag_id, run_id, task_id, map_index)}

    def task_logs(self, dag_id: str, run_id: str, task_id: str = "*") -> str:
        """Return the logs of a task, all tries in order; of all tasks of the run without a name."""
        folder = self.home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}"
        files = sorted(path for path in folder.glob(f"task_id={task_id}/**/attempt=*") if path.is_file())
        return "\n".join(path.read_text(errors="replace") for path in files)

    def every_byte(self) -> Iterator[tuple[str, bytes]]:
        """Yield all that was written, as name and content: for tests that look for what must not be there."""
        for path in sorted(self.home.rglob("*")):
            if path.is_file() and "dags" not in path.relative_to(self.home).parts:
                yield str(path.relative_to(self.home)), path.read_bytes()


def unpack(value: str | bytes) -> Any:
    """Return the value in a JSON column. Airflow 2 keeps bytes, and some columns of Airflow 3 hold JSON in JSON."""
    found = json.loads(value)
    if isinstance(found, str) and found[:1] in ("{", "["):
        return json.loads(found)
    return found
