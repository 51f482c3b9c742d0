"""The notifier where a ledger is named: one memory for all runs and processes, and no alert lost for want of it."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing

import pytest
import sqlalchemy as sa
from alerts import BOTH_WAYS, ON_CALL, SECOND, failed_task
from ledger.conftest import postgres, url
from sends import name_ledger

from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.alert_memory import KEEP_SECONDS, change_memory
from airflow_provider_nusawa.ledger.journal_store import journal_of
from airflow_provider_nusawa.ledger.people import suppress, unsuppress
from airflow_provider_nusawa.ledger.place import connect
from airflow_provider_nusawa.ledger.schema_shared import alerts
from airflow_provider_nusawa.ledger.store import open_ledger
from airflow_provider_nusawa.notifications import NusaWaNotifier, ledger_memory, telling
from airflow_provider_nusawa.notifications.memory import Memory

__all__ = ["postgres", "url"]


@pytest.fixture
def ledger(told, monkeypatch, url):
    """A ledger that the connection names, empty."""
    told.settings_extra["ledger_conn_id"] = name_ledger(monkeypatch, url)
    told.use()
    with open_ledger(url, create=True) as opened:
        yield opened


@pytest.fixture
def another_process():
    """Forget what this process was told, as one that starts does not know it."""

    def forget() -> None:
        telling._PROCESS._values.clear()

    forget()
    yield forget
    forget()


@BOTH_WAYS
def test_min_interval_holds_across_runs_and_processes(told, ledger, another_process, tell, caplog):
    for run_id in ("r1", "r2", "r3"):
        another_process()
        tell(NusaWaNotifier(to=ON_CALL, text="Halo", min_interval=3600), failed_task(run_id=run_id))
    another_process()
    tell(NusaWaNotifier(to=ON_CALL, text="Halo", min_interval=3600), failed_task(run_id="r4", state="success"))

    first, last = (message.text for message in told.messages)
    assert first == "Halo"
    assert last.splitlines()[-1].startswith("+2 more since ")
    assert "min_interval holds within" not in caplog.text


@BOTH_WAYS
def test_the_same_event_is_told_once_whoever_tells_it(told, ledger, another_process, tell):
    for _ in range(2):
        another_process()
        tell(NusaWaNotifier(to=ON_CALL, text="Halo"), failed_task(task_state_store=None))

    assert len(told.messages) == 1


def test_many_runs_that_fail_at_once_tell_it_once(told, ledger, monkeypatch):
    monkeypatch.setattr(ledger_memory, "PATIENCE_SECONDS", 60.0)  # a busy machine's disk may be away for longer than 5

    def fail(run_id: str) -> None:
        NusaWaNotifier(to=ON_CALL, text="Halo", min_interval=3600)(failed_task(run_id=run_id))

    threads = [threading.Thread(target=fail, args=(f"r{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(told.messages) == 1


def test_a_recovery_is_told_of_a_failure_in_another_run(told, ledger, another_process):
    NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task(run_id="r1"))
    another_process()

    NusaWaNotifier(to=ON_CALL, text="well", recovered=True)(failed_task(run_id="r2", state="success"))

    assert [message.text for message in told.messages] == ["Halo", "well"]


@pytest.mark.parametrize(
    ("fault", "requests"),
    [pytest.param(-99, 2, id="refused-so-again"), pytest.param("drop_after", 1, id="perhaps-sent-so-not")],
)
def test_what_was_certainly_not_sent_may_be_told_again(told, ledger, another_process, fault, requests):
    told.fail_next(fault)

    for _ in range(2):
        another_process()
        NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task())

    assert len(told.requests) == requests


@BOTH_WAYS
def test_an_alert_is_on_record_with_its_outcome(told, ledger, tell):
    told.fail_next("drop_after", number="6281298765432")

    tell(NusaWaNotifier(to=[ON_CALL, SECOND], text="Halo"), failed_task())

    (first,) = ledger.read(lambda tx: journal_of(tx, "6281234567890"))
    (second,) = ledger.read(lambda tx: journal_of(tx, "6281298765432"))
    assert (first["outcome"], first["message_id"]) == (Outcome.ACCEPTED, told.sent_to(ON_CALL)[0].id)
    assert second["outcome"] is Outcome.UNKNOWN


@BOTH_WAYS
def test_who_said_no_is_not_told_where_that_is_heeded(told, ledger, tell, caplog):
    ledger.write(lambda tx: suppress(tx, ["6281234567890"], who="test", reason="asked"))

    tell(NusaWaNotifier(to=[ON_CALL, SECOND], text="Halo", heed_suppressions=True), failed_task())
    tell(NusaWaNotifier(to=ON_CALL, text="Halo to all"), failed_task())

    assert [message.text for message in told.messages] == ["Halo", "Halo to all"]
    assert [message.number[-4:] for message in told.messages] == ["5432", "7890"]
    assert "…7890 is not told, having said no" in caplog.text


@BOTH_WAYS
def test_a_ledger_that_cannot_be_had_loses_no_alert_and_within_a_process_none_is_told_twice(
    told, monkeypatch, another_process, tell, tmp_path, caplog
):
    told.use(ledger_conn_id=name_ledger(monkeypatch, f"sqlite:///{tmp_path}/gone.sqlite"))

    for _ in range(2):
        tell(NusaWaNotifier(to=ON_CALL, text="Halo", min_interval=60), failed_task(task_state_store=None))

    assert len(told.messages) == 1
    assert "The ledger is left out of this alert" in caplog.text
    assert "min_interval holds within this process only" in caplog.text


def test_who_takes_the_no_back_is_told_of_the_very_event(told, ledger, another_process):
    ledger.write(lambda tx: suppress(tx, ["6281234567890"], who="test", reason="asked"))
    NusaWaNotifier(to=ON_CALL, text="Halo", heed_suppressions=True)(failed_task())
    ledger.write(lambda tx: unsuppress(tx, ["6281234567890"], who="test", reason="changed mind"))

    NusaWaNotifier(to=ON_CALL, text="Halo", heed_suppressions=True)(failed_task())

    assert len(told.messages) == 1


def test_what_the_ledger_knew_is_not_told_again_here_once_it_is_away(told, ledger, monkeypatch, another_process):
    NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task(task_state_store=None))
    monkeypatch.setenv("AIRFLOW_CONN_THE_LEDGER", '{"conn_type": "sqlite", "host": "/nowhere/ledger.sqlite"}')

    NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task(task_state_store=None))

    assert len(told.messages) == 1


def test_a_ledger_connection_that_is_missing_loses_no_alert(told, caplog):
    told.use(ledger_conn_id="missing")

    NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task())

    assert len(told.messages) == 1
    assert "The ledger is left out of this alert" in caplog.text


def test_a_ledger_that_is_locked_holds_an_alert_up_for_seconds_only(told, monkeypatch, tmp_path, caplog):
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    told.use(ledger_conn_id=name_ledger(monkeypatch, url))
    open_ledger(url, create=True).close()

    with closing(connect(tmp_path / "ledger.sqlite")) as another:
        another.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task())
        took = time.monotonic() - started

    assert len(told.messages) == 1
    assert took < 20
    assert "did not answer within 5 seconds" in caplog.text


def test_the_ledger_shows_no_number_and_forgets_what_is_old(told, ledger):
    def all_rows():
        return [tuple(row) for row in ledger.read(lambda tx: tx.run(sa.select(alerts)).all())]

    NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task())
    ((mark, value, _),) = rows = all_rows()
    ledger.write(lambda tx: tx.run(sa.update(alerts).values(at=alerts.c.at - KEEP_SECONDS)))

    ledger.write(lambda tx: change_memory(tx, "another", lambda _: {}))

    assert "7890" not in str(rows)
    assert Memory.from_json(json.loads(value)).told
    assert mark not in str(all_rows())
