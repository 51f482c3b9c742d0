"""What Airflow lends a task, for tests that call ``execute`` themselves: a task instance, its XComs, its task state."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class TaskState:
    """Airflow's task state as one task instance sees it: JSON by key, and an api-server that may be away.

    :param writes_left: So many writes succeed; None for all.
    """

    rows: dict[str, str] = field(default_factory=dict)
    away: bool = False
    writes_left: int | None = None

    def get(self, key: str, default: Any = None) -> Any:
        if self.away:
            raise ConnectionError("no api-server")
        return json.loads(self.rows[key]) if key in self.rows else default

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        if self.away or self.writes_left == 0:
            raise ConnectionError("no api-server")
        assert key not in self.rows, "keys are written once"
        self.rows[key] = json.dumps(value)
        if self.writes_left is not None:
            self.writes_left -= 1


@dataclass
class Ti:
    """A task instance, as far as an operator looks at it."""

    try_number: int = 1
    dag_id: str = "dag"
    run_id: str = "run"
    task_id: str = "task"
    map_index: int = -1
    xcoms: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = json.loads(json.dumps(value))

    def xcom_pull(self, task_ids: str, map_indexes: int) -> Any:
        assert (task_ids, map_indexes) == (self.task_id, self.map_index)
        return self.xcoms.get("return_value")


def context_of(ti: Ti, state: TaskState | None) -> dict[str, Any]:
    """Return the context of one try; without state, as Airflow below 3.3 gives it."""
    return {"ti": ti} | ({"task_state_store": state} if state is not None else {})
