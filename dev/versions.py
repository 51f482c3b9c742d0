"""The Airflow versions that are tested, the Pythons that can hold them, and what each breaks by itself."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints"


@dataclass(frozen=True)
class Airflow:
    """One tested Airflow.

    :param suite: ``full`` or ``smoke``.
    :param pythons: The Pythons it can run on, as ``(major, minor)``; each has a list in ``constraints/``.
    :param breaks: What this Airflow itself does wrong that our users meet, for the README's table.
    :param limits: What it does not run with, though its own metadata allows it; kept out of the lists.
    """

    version: str
    suite: str
    pythons: tuple[tuple[int, int], ...]
    breaks: str = ""
    limits: tuple[str, ...] = ()

    @property
    def needs(self) -> str:
        low, high = min(self.pythons), max(self.pythons)
        return f"Python {low[0]}.{low[1]} to {high[0]}.{high[1]}"

    def constraints(self, python: tuple[int, int]) -> Path:
        return CONSTRAINTS / f"airflow-{self.version}-py{python[0]}.{python[1]}.txt"


PY310, PY311, PY312, PY313 = ((3, minor) for minor in (10, 11, 12, 13))

NO_STATE = "no task state: a file on the machine, or a ledger, remembers instead"
POD = "a pod's SIGTERM never reaches the task"
NO_DEADLINE = "no deadline to tell of"
NO_ASKING = f"{NO_DEADLINE}, and no task that asks a person"
LINK = "an alert's link to a log lacks a slash unless `[api] base_url` ends in one"
SYNC_DEADLINE = "a deadline's `SyncCallback` ends the scheduler where Airflow's database is SQLite"

TESTED = (
    Airflow("3.3.2", "full", (PY310, PY311, PY312, PY313)),
    Airflow("2.11.2", "full", (PY310, PY311, PY312), f"{NO_ASKING}; {NO_STATE}"),
    Airflow(
        "3.0.6",
        "smoke",
        (PY310, PY311, PY312),
        f"form fields only with the FAB provider; {NO_ASKING}; {LINK}; {POD}; {NO_STATE}",
        limits=("fastapi<0.118",),
    ),
    Airflow("3.1.8", "smoke", (PY310, PY311, PY312, PY313), f"{NO_DEADLINE}; {POD}; {NO_STATE}"),
    Airflow(
        "3.2.2",
        "smoke",
        (PY310, PY311, PY312, PY313),
        f"{SYNC_DEADLINE}; {NO_STATE}",
        limits=("fastapi<0.137",),
    ),
)
NEWEST = TESTED[0]


def find_airflow(version: str) -> Airflow | None:
    """Return the tested Airflow of this version, or None."""
    return next((airflow for airflow in TESTED if airflow.version == version), None)


def this_python() -> tuple[int, int]:
    return sys.version_info[:2]


def python_tag() -> str:
    return "py" + ".".join(platform.python_version_tuple()[:2])
