"""Send a message only while there are credits, then wait until it is delivered.

Sending and waiting are two tasks, because Airflow retries whole tasks: a wait that is repeated sends nothing again.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.common.compat.sdk import Param, dag  # on Airflow 3: from airflow.sdk import Param, dag

from airflow_provider_nusawa.operators import NusaWaCreditsCheckOperator, NusaWaSendMessageOperator
from airflow_provider_nusawa.sensors import NusaWaDeliverySensor


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={"to": Param("0812-3456-7890", type="string"), "text": Param("Halo dari Airflow", type="string")},
)
def gate_send_wait():
    gate = NusaWaCreditsCheckOperator(task_id="gate", minimum=1, min_days_left=1)
    send = NusaWaSendMessageOperator(task_id="send", to="{{ params.to }}", text="{{ params.text }}")
    wait = NusaWaDeliverySensor(
        task_id="wait",
        messages=send.output,
        deferrable=True,  # takes no worker slot while it waits
        timeout=timedelta(hours=6),
    )
    gate >> send >> wait


gate_send_wait()
