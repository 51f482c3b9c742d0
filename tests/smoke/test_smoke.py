"""The least that must hold on every Airflow: it imports, is found, shows its form, sends, tells, waits."""

from __future__ import annotations

import importlib
from textwrap import dedent

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_1_PLUS
from dag_runs import EXAMPLES

TELLS = """
from datetime import datetime, timezone
from airflow.providers.common.compat.sdk import dag, task
from airflow_provider_nusawa.notifications import NusaWaNotifier

@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc))
def smoke_tells():
    @task(on_failure_callback=NusaWaNotifier(to="0812-3456-7891"))
    def break_down():
        raise ValueError("out of paper")

    break_down()

smoke_tells()
"""


@pytest.mark.parametrize(
    "module", ["hooks", "operators", "sensors", "triggers", "notifications", "testing", "emulator"]
)
def test_it_imports(module):
    assert importlib.import_module(f"airflow_provider_nusawa.{module}")


def test_airflow_finds_the_provider():
    from airflow.providers_manager import ProvidersManager

    provider = ProvidersManager().providers["airflow-provider-nusawa"]

    assert provider.data["name"]


@pytest.mark.skipif(AIRFLOW_V_3_0_PLUS, reason="Airflow 3 builds the form in its API server")
def test_airflow_2_knows_the_connection_and_its_form():
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()

    assert manager.hooks["nusawa"].hook_name == "NusaSMS WhatsApp"
    assert "password" in manager.field_behaviours["nusawa"]["relabeling"]


@pytest.mark.e2e
@pytest.mark.skipif(not AIRFLOW_V_3_0_PLUS, reason="Airflow 2 builds the form in its providers manager")
def test_a_real_airflow_shows_the_connection_and_its_form(real_airflow):
    real_airflow.web.log_in()

    status, forms = real_airflow.web.ask("GET", "/ui/connections/hook_meta")

    (form,) = [form for form in forms if form["connection_type"] == "nusawa"]
    assert (status, form["hook_name"]) == (200, "NusaSMS WhatsApp")
    if AIRFLOW_V_3_1_PLUS:  # 3.0 shows nobody's fields unless the FAB provider is installed
        assert form["standard_fields"]["password"]["title"]
        assert {"api_version", "only_to", "redirect_to"} <= form["extra_fields"].keys()


@pytest.mark.e2e
def test_a_real_airflow_sends_and_waits_in_the_triggerer(real_airflow, gateway):
    real_airflow.add_dag("gate_send_wait", (EXAMPLES / "gate_send_wait.py").read_text())

    gateway.order("clock", frozen=True)  # not delivered before the task has looked and deferred

    run_id = real_airflow.trigger("gate_send_wait")
    real_airflow.until(
        lambda: real_airflow.books.task_states("gate_send_wait", run_id).get("wait") == "deferred",
        120,
        lambda: real_airflow.books.task_logs("gate_send_wait", run_id),
    )
    gateway.order("clock", frozen=False, advance_seconds=60)
    state = real_airflow.wait("gate_send_wait", run_id)

    (message,) = gateway.messages()
    assert (state, message["number"], message["letter"]) == ("success", "6281234567890", "D")
    (report,) = real_airflow.books.xcom("gate_send_wait", run_id, "wait")
    assert (report["message_id"], report["delivered"]) == (message["id"], True)


@pytest.mark.e2e
def test_a_real_airflow_tells_of_a_failure(real_airflow, gateway):
    real_airflow.add_dag("smoke_tells", dedent(TELLS))

    _, state = real_airflow.run("smoke_tells")

    assert state == "failed"
    real_airflow.until(lambda: len(gateway.messages()) == 1, 30, lambda: str(gateway.messages()))
    (message,) = gateway.messages()
    assert "smoke_tells" in message["text"]
    assert "out of paper" in message["text"]
