"""Tell whoever is on call that something failed: the task with its error, and the whole run.

A task's own callback knows the error. The Dag's callback also comes where the task's process was killed.
"""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.providers.common.compat.sdk import dag, task  # on Airflow 3: from airflow.sdk import dag, task

from airflow_provider_nusawa.notifications import NusaWaNotifier

ON_CALL = ["0812-3456-7890", "+62 812 9876 5432"]


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    default_args={"on_failure_callback": NusaWaNotifier(to=ON_CALL)},
    on_failure_callback=NusaWaNotifier(to=ON_CALL[0], text="{{ dag.dag_id }} failed: {{ reason }}"),
)
def notify_on_failure():
    @task
    def load_orders():
        raise ValueError("the file of orders is empty")

    load_orders()


notify_on_failure()
