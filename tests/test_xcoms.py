"""The one name of Airflow's that is said again here, because importing it costs Dag files more than all else."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import XCOM_RETURN_KEY

from airflow_provider_nusawa.xcoms import RETURN_VALUE


def test_the_result_stands_where_airflow_looks_for_it() -> None:
    assert RETURN_VALUE == XCOM_RETURN_KEY
