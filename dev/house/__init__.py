"""A real Airflow for tests and the demo: its own folder, its own processes, ended whatever happens."""

from __future__ import annotations

from dev.house.house import House

__all__ = ["House"]
