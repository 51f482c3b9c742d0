"""The processes of a running task: the one that runs its code, and the one that supervises it. For tests that kill."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from dev.house.house import House


@dataclass(frozen=True)
class Victims:
    """Both processes of one task; with LocalExecutor the supervisor is the worker itself.

    ``suspend()`` and ``resume()`` stop and continue a process; a supervisor that is stopped sends no heartbeats.
    """

    task: psutil.Process
    supervisor: psutil.Process

    @property
    def worker(self) -> tuple[psutil.Process, psutil.Process]:
        """Both, supervisor first: killed in this order nobody is left to report."""
        return self.supervisor, self.task


def find_victims(house: House, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> Victims | None:
    """Return the processes of a task that runs now; None while it does not.

    Only what the house itself started is ever returned.
    """
    for row in house.books.tasks(dag_id, run_id):
        if (row["task_id"], row["map_index"], row["state"]) == (task_id, map_index, "running") and row["pid"]:
            ours = {process.pid: process for process in house.parts["scheduler"].descendants()}
            task = ours.get(row["pid"])
            supervisor = ours.get(task.ppid()) if task and task.is_running() else None
            return Victims(task, supervisor) if task and supervisor else None
    return None
