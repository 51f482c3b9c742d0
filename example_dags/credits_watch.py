"""Look at the balance each morning, and say so while there are still credits left to say it with.

The minimum is well above zero: the alert itself is a message of this account.
"""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.providers.common.compat.sdk import dag  # on Airflow 3: from airflow.sdk import dag

from airflow_provider_nusawa.notifications import NusaWaNotifier
from airflow_provider_nusawa.operators import NusaWaCreditsCheckOperator


@dag(schedule="0 7 * * *", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False)
def credits_watch():
    NusaWaCreditsCheckOperator(
        task_id="enough_credits",
        minimum=500,
        min_days_left=7,
        on_failure_callback=NusaWaNotifier(to="0812-3456-7890"),
    )


credits_watch()
