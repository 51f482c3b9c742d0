"""Say that a run is late, while it is still running: a deadline is watched by Airflow itself, not by a task.

Deadlines need Airflow 3.2; on an older one this Dag runs without.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.common.compat.sdk import dag, task  # on Airflow 3: from airflow.sdk import dag, task

from airflow_provider_nusawa.notifications import NusaWaNotifier

try:
    from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference
except ImportError:
    late = {}
else:
    tell = AsyncCallback(NusaWaNotifier, kwargs={"to": "0812-3456-7890", "text": "{{ dag_run.dag_id }} is late"})
    ten_minutes = timedelta(minutes=10)
    late = {
        "deadline": DeadlineAlert(reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=ten_minutes, callback=tell)
    }


@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), **late)
def deadline_alert():
    @task
    def load_orders():
        pass

    load_orders()


deadline_alert()
