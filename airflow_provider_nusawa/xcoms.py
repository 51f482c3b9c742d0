"""Where a task's result stands among its XComs."""

from __future__ import annotations

RETURN_VALUE = "return_value"
"""Airflow's own ``XCOM_RETURN_KEY``. Importing that one loads the database's models, which Dag files do without."""
