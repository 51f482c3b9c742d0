"""Campaigns on a real Airflow: a task killed in the middle, a clear, a run that adds, a closed window, an approval."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from textwrap import dedent
from zoneinfo import ZoneInfo

import psutil
import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_1_PLUS
from dag_runs import EXAMPLES, zone_at_noon

from airflow_provider_nusawa.testing import Account, Backend, NusaWaGateway, serve
from dev.house import House

pytestmark = pytest.mark.e2e

PEOPLE, MORE = 300, 20

DAGS = """
from datetime import datetime, timedelta, timezone
from airflow.providers.common.compat.sdk import dag
from airflow_provider_nusawa.operators import NusaWaCampaignOperator

@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc))
def newsletter():
    NusaWaCampaignOperator(
        task_id="send", campaign_id="newsletter", recipients_path="{{ dag_run.conf['file'] }}", text="Halo {{ nama }}",
        on_new_recipients="add", max_unknown_share=0.1, retries=3, retry_delay=timedelta(seconds=1))

@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc))
def in_the_morning():
    NusaWaCampaignOperator(
        task_id="send", campaign_id="morning", recipients=["628129900000", "628129900001"], text="Selamat pagi",
        send_window="WINDOW", retries=1)

newsletter()
in_the_morning()
"""


@pytest.fixture(scope="module")
def airflow():
    """A real Airflow that soon notices dead tasks, and a gateway that takes its time."""
    backend = Backend(Account(balance=10_000))
    backend.rules.latency_seconds["send"] = 0.1
    backend.rules.step_seconds = 0.5
    with pytest.MonkeyPatch.context() as monkeypatch, serve(backend) as url:
        gateway = NusaWaGateway(url, backend, monkeypatch)
        gateway.use(rate_per_second=20, timezone=zone_at_noon())
        quick = {
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "12",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
        }
        with House(environ=quick, say=print) as house:
            # A minute that is far enough away not to be waited for in the worker.
            opens = datetime.now(ZoneInfo(zone_at_noon())) + timedelta(seconds=150)
            closes = opens + timedelta(hours=3)
            house.add_dag("campaigns", dedent(DAGS).replace("WINDOW", f"{opens:%H:%M}-{closes:%H:%M}"))
            house.waiting = house.trigger("in_the_morning")
            yield house, gateway


def numbers(count: int) -> list[str]:
    return [f"6281200{place:05d}" for place in range(count)]


def write_list(path, count: int) -> dict[str, str]:
    path.write_text("number,nama\n" + "".join(f"{number},N{number[-3:]}\n" for number in numbers(count)))
    return {"file": str(path)}


def row(house, dag_id, run_id):
    (found,) = house.books.tasks(dag_id, run_id)
    return found


def counts(house, run_id) -> dict[str, int]:
    return house.books.xcom("newsletter", run_id, "send")


@pytest.mark.skipif(not AIRFLOW_V_3_0_PLUS, reason="the executor of an Airflow 2 on SQLite dies with its task")
def test_a_kill_a_clear_and_a_run_that_adds_message_nobody_twice(airflow, tmp_path):
    house, gateway = airflow
    run_id = house.trigger("newsletter", write_list(tmp_path / "list.csv", PEOPLE))
    house.until(lambda: len(gateway.messages) > PEOPLE / 3, 120, "it was not sent")
    psutil.Process(row(house, "newsletter", run_id)["pid"]).kill()
    assert house.wait("newsletter", run_id, timeout=240) == "success", house.books.task_logs("newsletter", run_id)

    first = counts(house, run_id)
    assert row(house, "newsletter", run_id)["try_number"] > 1
    assert first["accepted"] + first["unknown"] == first["rows_read"] == PEOPLE

    tries = row(house, "newsletter", run_id)["try_number"]
    clear = {"dry_run": False, "dag_run_id": run_id, "only_failed": False, "reset_dag_runs": True}
    assert house.web.ask("POST", "/api/v2/dags/newsletter/clearTaskInstances", clear)[0] == 200
    house.until(lambda: row(house, "newsletter", run_id)["try_number"] > tries, 60, "not cleared")
    assert house.wait("newsletter", run_id) == "success"
    assert counts(house, run_id) == first

    second, state = house.run("newsletter", write_list(tmp_path / "more.csv", PEOPLE + MORE))
    assert state == "success"
    assert counts(house, second)["accepted"] == first["accepted"] + MORE
    assert gateway.backend.accepted_twice() == {}
    sent = {message.number for message in gateway.messages if message.text.startswith("Halo N")}
    assert len(set(numbers(PEOPLE + MORE)) - sent) <= first["unknown"]
    assert "320 rows" not in house.books.task_logs("newsletter", run_id)


@pytest.mark.skipif(not AIRFLOW_V_3_1_PLUS, reason="a person's approval came with Airflow 3.1")
def test_a_blast_waits_for_a_person_who_is_asked_by_whatsapp(airflow, tmp_path):
    house, gateway = airflow
    (tmp_path / "customers.csv").write_text("number,nama\n0812-7777-0001,Aisha\n0812-7777-0002,Budi\n")
    house.add_dag("blast_from_csv", (EXAMPLES / "blast_from_csv.py").read_text())
    run_id = house.trigger("blast_from_csv", {"folder": str(tmp_path)})
    house.until(lambda: len(gateway.sent_to("0812-3456-7890")) == 1, 120, "nobody was asked")
    # Airflow loses an answer that comes before the task is put aside, and may fail the task for one that comes within
    # seconds of it, as with deferrals: people are slower than that.
    parked = ("awaiting_input", "deferred")
    house.until(lambda: house.books.task_states("blast_from_csv", run_id)["approve"] in parked, 60, "it did not wait")
    time.sleep(15)
    assert gateway.sent_to("0812-7777-0001") == []

    path = f"/api/v2/dags/blast_from_csv/dagRuns/{run_id}/taskInstances/approve/-1/hitlDetails"
    answer = house.web.ask("PATCH", path, {"chosen_options": ["Approve"], "params_input": {}})
    assert answer[0] == 200, answer

    assert house.wait("blast_from_csv", run_id, timeout=240) == "success", house.books.task_logs(
        "blast_from_csv", run_id
    )
    assert [len(gateway.sent_to(f"0812-7777-000{n}")) for n in (1, 2)] == [1, 1]
    assert (tmp_path / "report.html").exists()


def test_a_closed_window_is_slept_out_in_the_triggerer(airflow):
    house, gateway = airflow

    assert house.wait("in_the_morning", house.waiting, timeout=300) == "success"

    log = house.books.task_logs("in_the_morning", house.waiting)
    assert "deferred until" in log
    assert [len(gateway.sent_to(number)) for number in ("628129900000", "628129900001")] == [1, 1]
    assert house.books.xcom("in_the_morning", house.waiting, "send")["accepted"] == 2
