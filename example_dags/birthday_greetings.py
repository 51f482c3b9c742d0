"""Greet everybody whose birthday it is, every morning, each of them once a year.

The year and the day are in the campaign's id: a run that is repeated, cleared or started twice greets nobody again.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.common.compat.sdk import dag  # on Airflow 3: from airflow.sdk import dag

from airflow_provider_nusawa.operators import NusaWaCampaignOperator

TODAY = "{{ data_interval_end | ds }}"
# `born` is text here, YYYY-MM-DD; for PostgreSQL's type date write to_char(born, 'MM-DD') = '…' instead of LIKE '%-…'.
BORN_TODAY = "SELECT number, nama FROM customers WHERE born LIKE '%-{{ data_interval_end.strftime('%m-%d') }}'"


@dag(
    schedule="0 1 * * *",  # 08:00 in Jakarta
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
)
def birthday_greetings():
    NusaWaCampaignOperator(
        task_id="greet",
        campaign_id=f"birthday {TODAY}",
        recipients_sql=BORN_TODAY,
        sql_conn_id="shop",
        text="Selamat ulang tahun, {{ nama }}! Tunjukkan pesan ini hari ini: kopi kami yang traktir.",
        send_window="Mon-Sun 08:00-20:00",
        max_refused_share=0.05,
        retries=2,
        retry_delay=timedelta(minutes=5),
    )


birthday_greetings()
