"""The button that leads from a campaign's tasks to its page."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG
from airflow.providers.common.compat.version_compat import get_base_airflow_version_tuple
from airflow.serialization import serialized_objects

from airflow_provider_nusawa.operators import NusaWaCampaignOperator, NusaWaCampaignReportOperator
from airflow_provider_nusawa.sensors import NusaWaCampaignSensor

MAKE: list[Any] = [
    pytest.param(lambda **rest: NusaWaCampaignOperator(text="x", recipients=[], **rest), id="operator"),
    pytest.param(NusaWaCampaignSensor, id="sensor"),
    pytest.param(lambda **rest: NusaWaCampaignReportOperator(path="a.html", **rest), id="report"),
]


@pytest.mark.parametrize("make", MAKE)
def test_a_task_links_to_its_campaigns_page(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://example.org/airflow/")
    task = make(task_id="task", campaign_id="promo/a&b")

    def link() -> str:
        return str(task.operator_extra_links[0].get_link(task, ti_key=None))

    has_pages = get_base_airflow_version_tuple() >= (3, 1, 2)
    assert link() == ("/airflow/nusawa-campaigns/campaign?name=promo%2Fa%26b" if has_pages else "")
    monkeypatch.setenv("AIRFLOW__NUSAWA__PAGES", "False")
    assert link() == ""


@pytest.mark.parametrize("make", MAKE)
def test_the_button_is_there_in_the_dag_that_airflow_reads_from_its_database(make: Any) -> None:
    with DAG("promo", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)) as dag:
        make(task_id="task", campaign_id="promo")
    form: Any = getattr(serialized_objects, "DagSerialization", serialized_objects.SerializedDAG)

    read = form.from_dict(form.to_dict(dag))

    assert [link.name for link in read.get_task("task").operator_extra_links] == ["Campaign"]
