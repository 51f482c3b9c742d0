"""One task a message, mapped over numbers: the simplest way, and as quick as Airflow starts tasks."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone

from airflow.sdk import DAG

from airflow_provider_nusawa.operators import NusaWaSendMessageOperator

with DAG("mapped", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), schedule=None):
    numbers = json.loads(os.environ.get("BENCH_NUMBERS", "[]"))
    NusaWaSendMessageOperator.partial(task_id="send", text="Halo").expand(to=numbers)
