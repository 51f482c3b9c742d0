"""Each example Dag, run to its end on this Airflow against the emulator."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from datetime import datetime, timedelta, timezone

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS, AIRFLOW_V_3_2_PLUS
from dag_runs import EXAMPLES, example, run, zone_at_noon


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_shows_one_idea_in_under_forty_lines(path):
    assert len(path.read_text().splitlines()) < 40


def test_notify_on_failure_tells_the_task_and_the_run(airflow_db, nusawa_gateway):
    states = run(example("notify_on_failure").notify_on_failure())

    assert states == {"load_orders": "failed"}
    headlines = [(message.number[-4:], message.text.splitlines()[0]) for message in nusawa_gateway.messages]
    assert sorted(headlines) == [
        ("5432", "Airflow: task failed"),
        ("7890", "Airflow: task failed"),
        ("7890", "notify_on_failure failed: task_failure"),
    ]
    assert "ValueError: the file of orders is empty" in nusawa_gateway.messages[0].text.splitlines()


@pytest.mark.parametrize(("credits", "state"), [(600, "success"), (499, "failed")], ids=["enough", "too-few"])
def test_credits_watch_tells_when_credits_run_low(airflow_db, nusawa_gateway, credits, state):
    nusawa_gateway.backend.account.balance = credits

    states = run(example("credits_watch").credits_watch())

    assert states == {"enough_credits": state}
    assert len(nusawa_gateway.messages) == (state == "failed")


def test_mapped_sends_reach_each_group_with_its_own_text(airflow_db, nusawa_gateway):
    states = run(example("mapped_sends").mapped_sends())

    assert states == {"groups": "success", "tell_group[0]": "success", "tell_group[1]": "success"}
    assert sorted((message.number[-4:], message.text.split()[1]) for message in nusawa_gateway.messages) == [
        ("7890", "Bandung"),
        ("7891", "Bandung"),
        ("7892", "Bogor"),
    ]


@pytest.mark.skipif(AIRFLOW_V_3_2_PLUS, reason="dag.test() of 3.3 cannot end a run with a deadline; see tests/e2e")
def test_the_dag_with_a_deadline_runs_without_on_an_older_airflow(airflow_db, nusawa_gateway):
    assert run(example("deadline_alert").deadline_alert()) == {"load_orders": "success"}


@pytest.mark.skipif(not AIRFLOW_V_3_2_PLUS, reason="deadlines in this form came with Airflow 3.2")
def test_a_missed_deadline_is_told_from_the_triggerer(nusawa_gateway, caplog):
    from airflow.triggers.callback import CallbackTrigger

    caplog.set_level(logging.INFO)
    callback = example("deadline_alert").tell
    context = {"dag_run": {"dag_id": "deadline_alert", "dag_run_id": "r1"}, "deadline": {"deadline_time": "07:00"}}

    async def fire():
        return [event async for event in CallbackTrigger(callback.path, {**callback.kwargs, "context": context}).run()]

    events = asyncio.run(fire())

    assert [event.payload["state"] for event in events] == ["running", "success"]
    assert [message.text for message in nusawa_gateway.messages] == ["deadline_alert is late"]


def test_birthday_greetings_reach_those_who_were_born_today_once(airflow_db, nusawa_gateway, tmp_path, monkeypatch):
    # The day's run is due at 01:00; on Airflow 2 an earlier one is still the day before's.
    today = (datetime.now(timezone.utc) - timedelta(hours=1)).replace(hour=1, minute=0, second=0, microsecond=0)
    with sqlite3.connect(tmp_path / "shop.sqlite") as shop:
        shop.execute("CREATE TABLE customers (number TEXT, nama TEXT, born TEXT)")
        rows = [("0812-3456-7890", "Aisha", f"1990-{today:%m-%d}"), ("0812-3456-7891", "Budi", "1990-02-30")]
        shop.executemany("INSERT INTO customers VALUES (?, ?, ?)", rows)
    place = json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "shop.sqlite")})
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", place)
    nusawa_gateway.use(timezone=zone_at_noon())

    dag = example("birthday_greetings").birthday_greetings()
    states = [run(dag, logical_date=today), run(dag, logical_date=today + timedelta(seconds=1))]

    assert states == [{"greet": "success"}] * 2
    assert [message.text[:27] for message in nusawa_gateway.messages] == ["Selamat ulang tahun, Aisha!"]


@pytest.mark.skipif(not AIRFLOW_V_3_1_PLUS, reason="a person's approval came with Airflow 3.1")
def test_a_blast_is_sent_waited_for_and_reported(airflow_db, nusawa_gateway, tmp_path):
    """All but the approval itself, which only a real Airflow can take: tests/e2e/test_campaigns.py."""
    (tmp_path / "customers.csv").write_text("number,nama\n0812-3456-7890,Aisha\n0812-3456-7891,Budi\n")
    nusawa_gateway.backend.account.balance = 2000
    nusawa_gateway.backend.rules.step_seconds = 0.0
    nusawa_gateway.use(timezone=zone_at_noon())

    dag = example("blast_from_csv").blast_from_csv()
    states = run(dag, mark_success_pattern="approve", run_conf={"folder": str(tmp_path)})

    assert set(states.values()) == {"success"}
    assert sorted(message.number[-4:] for message in nusawa_gateway.messages) == ["7890", "7891"]
    assert "<html" in (tmp_path / "report.html").read_text()


def test_send_invoice_sends_the_file_with_its_name(airflow_db, nusawa_gateway, tmp_path):
    nusawa_gateway.use("nusawa_v1", api_version="v1")
    (tmp_path / "42.pdf").write_bytes(b"%PDF-1.4")

    states = run(example("send_invoice").send_invoice(), run_conf={"folder": f"file://{tmp_path}"})

    assert states == {"send": "success"}
    (sent,) = nusawa_gateway.messages
    assert (sent.text, sent.media.file_name) == ("Tagihan 42, terima kasih.", "Tagihan 42.pdf")
