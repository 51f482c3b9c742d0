"""Three tasks with three retries each: ours to one person and to two, and a plain HttpOperator.

Run as a program, it runs them by ``dag.test()`` and prints the state and the tries of each, as JSON in its last line.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from importlib.util import find_spec

from airflow.sdk import DAG

from airflow_provider_nusawa.operators import NusaWaSendMessageOperator

NUMBERS = json.loads(os.environ.get("BENCH_NUMBERS", "{}"))
RETRIES = {"retries": 3, "retry_delay": timedelta(0)}

with DAG(
    "lost_answer", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), schedule=None, default_args=RETRIES
) as dag:
    for name in ("one", "two"):
        NusaWaSendMessageOperator(task_id=name, to=NUMBERS.get(name, []), text="Halo")
    if find_spec("airflow.providers.http"):
        from airflow.providers.http.operators.http import HttpOperator

        HttpOperator(
            task_id="http",
            http_conn_id="gateway",
            endpoint="api/v3/sendwa/plain",
            method="POST",
            data={
                "username": "{{ conn.nusawa_default.login }}",
                "password": "{{ conn.nusawa_default.password }}",
                "GSM": "".join(NUMBERS.get("http", [])),
                "text": "Halo",
            },
        )

if __name__ == "__main__":
    tasks = dag.test().get_task_instances()
    print(json.dumps({ti.task_id: [str(getattr(ti.state, "value", ti.state)), ti.try_number] for ti in tasks}))
