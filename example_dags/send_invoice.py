"""Send a file from object storage, with a caption. Needs a connection with ``api_version`` v1, here ``nusawa_v1``."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.common.compat.sdk import Param, dag  # on Airflow 3: from airflow.sdk import Param, dag

from airflow_provider_nusawa.operators import NusaWaSendMediaOperator


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={
        "to": Param("0812-3456-7890", type="string"),
        "number": Param("42", type="string"),
        "folder": Param("s3://aws_default@invoices", type="string", description="a path will do as well"),
    },
)
def send_invoice():
    NusaWaSendMediaOperator(
        task_id="send",
        to="{{ params.to }}",
        file="{{ params.folder }}/{{ params.number }}.pdf",
        file_name="Tagihan {{ params.number }}.pdf",
        caption="Tagihan {{ params.number }}, terima kasih.",
        nusawa_conn_id="nusawa_v1",
        retries=3,
        retry_delay=timedelta(minutes=5),
    )


send_invoice()
