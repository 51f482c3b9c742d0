"""Send a different text to each group of people: one mapped task for a group, not for a person.

A task costs Airflow about half a second, a message a few milliseconds; so a group may have up to 500 numbers.
"""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.providers.common.compat.sdk import dag, task  # on Airflow 3: from airflow.sdk import dag, task

from airflow_provider_nusawa.operators import NusaWaSendMessageOperator


@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc))
def mapped_sends():
    @task
    def groups() -> list[dict[str, object]]:
        return [
            {"to": ["0812-3456-7890", "0812-3456-7891"], "text": "Toko Bandung buka pukul 9."},
            {"to": ["0812-3456-7892"], "text": "Toko Bogor tutup hari ini."},
        ]

    NusaWaSendMessageOperator.partial(task_id="tell_group").expand_kwargs(groups())


mapped_sends()
