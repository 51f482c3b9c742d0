"""A task fails, somebody mends it and clears it: who was told of the failure is told that it works again."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

pytestmark = pytest.mark.e2e

MENDED = """
from datetime import datetime, timezone
from pathlib import Path
from airflow.providers.common.compat.sdk import dag, task
from airflow_provider_nusawa.notifications import NusaWaNotifier

tell = NusaWaNotifier(to="0812-3456-7890", recovered=True)

@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
     default_args={"on_failure_callback": tell, "on_success_callback": tell})
def mended():
    @task
    def load_orders():
        Path("ORDERS").read_text()

    @task
    def never_broken():
        pass

    load_orders(), never_broken()

mended()
"""


@pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="without a ledger, an older Airflow forgets with each process")
def test_a_cleared_task_that_succeeds_is_told_once_to_who_knew_of_its_failure(real_airflow, gateway, tmp_path):
    house, orders = real_airflow, tmp_path / "orders.csv"
    house.add_dag("mended", MENDED.replace("ORDERS", str(orders)))
    run_id, state = house.run("mended")
    assert state == "failed"

    orders.write_text("mended")
    body = {"dry_run": False, "dag_run_id": run_id, "task_ids": ["load_orders"], "only_failed": False}
    assert house.web.ask("POST", "/api/v2/dags/mended/clearTaskInstances", body)[0] == 200
    assert house.wait("mended", run_id, "success") == "success"

    # A task's callbacks come after its end.
    house.until(lambda: len(gateway.messages()) >= 2, 60, lambda: house.books.task_logs("mended", run_id)[-3000:])

    told = [message["text"].splitlines()[0] for message in reversed(gateway.messages())]
    again = f"Airflow: DAG mended, task load_orders works again (run {run_id}, try 2 of 2)"
    assert told == ["Airflow: task failed", again]
