"""The least that must hold on every Airflow: it imports, is found, shows its form, sends, tells, waits."""

from __future__ import annotations

import importlib
from textwrap import dedent

import pytest
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


def test_airflow_knows_the_connection_and_its_form():
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()

    assert manager.hooks["nusawa"].hook_name == "NusaSMS WhatsApp"
    assert "password" in manager.field_behaviours["nusawa"]["relabeling"]


@pytest.mark.e2e
def test_a_real_airflow_sends_and_waits_in_the_triggerer(real_airflow, gateway):
    real_airflow.add_dag("gate_send_wait", (EXAMPLES / "gate_send_wait.py").read_text())

    run_id, state = real_airflow.run("gate_send_wait", timeout=180)

    (message,) = gateway.messages()
    assert (state, message["number"], message["letter"]) == ("success", "6281234567890", "D")
    (report,) = real_airflow.books.xcom("gate_send_wait", run_id, "wait")
    assert (report["message_id"], report["delivered"]) == (message["id"], True)
    assert real_airflow.books.ask("SELECT * FROM trigger") == []
    assert "Pausing task as DEFERRED" in real_airflow.books.task_logs("gate_send_wait", run_id, "wait")


@pytest.mark.e2e
def test_a_real_airflow_tells_of_a_failure(real_airflow, gateway):
    real_airflow.add_dag("smoke_tells", dedent(TELLS))

    _, state = real_airflow.run("smoke_tells")

    assert state == "failed"
    real_airflow.until(lambda: len(gateway.messages()) == 1, 30, lambda: str(gateway.messages()))
    (message,) = gateway.messages()
    assert "smoke_tells" in message["text"]
    assert "out of paper" in message["text"]
