"""The notifier at the hook points of a running Dag: Airflow makes the contexts, and calls it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, AirflowSkipException, task
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_3_PLUS
from dag_runs import run

from airflow_provider_nusawa.notifications import NusaWaNotifier
from airflow_provider_nusawa.testing import Backend, NusaWaGateway, serve

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
TO = "081234567890"
EVENTS = ("execute", "success", "failure", "retry", "skipped")


def _every_hook() -> DAG:
    """A Dag with a task for each way to end, and a notifier at every hook."""
    with DAG(
        "every_hook",
        schedule=None,
        start_date=START,
        default_args={f"on_{event}_callback": NusaWaNotifier(to=TO) for event in EVENTS},
        on_failure_callback=NusaWaNotifier(to=TO),
    ) as dag:

        @task
        def succeed():
            pass

        @task(retries=1, retry_delay=timedelta(0))
        def fail():
            raise ValueError("no such table")

        @task
        def skip():
            raise AirflowSkipException

        @task
        def mapped(word):
            raise AirflowFailException(word)

        mapped.expand(word=["satu", "dua"]) >> succeed()
        fail(), skip()
        succeed.override(task_id="succeed_alone")()
    return dag


@pytest.fixture(scope="module")
def told(airflow_db):
    """All that the Dag told, each as lines of text."""
    backend = Backend()
    with pytest.MonkeyPatch.context() as monkeypatch, serve(backend) as url:
        gateway = NusaWaGateway(url, backend, monkeypatch)
        run(_every_hook())
        return [message.text.splitlines() for message in gateway.messages]


@pytest.mark.parametrize(
    ("where", "headlines"),
    [
        pytest.param("task succeed_alone", ["task started", "task succeeded"], id="success"),
        pytest.param("task skip", ["task started", "task skipped"], id="skip"),
        pytest.param("task mapped [1]", ["task started", "task failed"], id="mapped"),
        pytest.param(
            "task fail",
            ["task started", "task failed and will be tried again", "task started", "task failed"],
            id="retry-then-failure",
        ),
    ],
)
def test_each_end_of_a_task_is_told_by_its_name(told, where, headlines):
    lines = [text for text in told if text[1] == f"DAG every_hook, {where}" and "DAG run" not in text[0]]

    assert [text[0].removeprefix("Airflow: ") for text in lines] == headlines


def test_a_failure_brings_try_error_and_the_link_of_its_log(told):
    [text] = [text for text in told if text[0] == "Airflow: task failed" and text[1].endswith("task fail")]

    assert text[3:5] == ["try 2 of 2", "ValueError: no such table"]
    assert text[5].startswith("http://localhost:8080/dags/every_hook/")
    assert "task" in text[5]


def test_the_dag_level_callback_is_told_once_and_about_the_run(told):
    [text] = [text for text in told if "DAG run" in text[0]]

    assert text[0] == "Airflow: DAG run failed"
    assert "reason: task_failure" in text


def test_a_dag_that_succeeds_says_so(airflow_db, nusawa_gateway):
    with DAG("well", schedule=None, start_date=START, on_success_callback=NusaWaNotifier(to=TO)) as dag:
        task(task_id="one")(lambda: 1)()

    states = run(dag)

    assert states == {"one": "success"}
    assert [message.text.splitlines()[:2] for message in nusawa_gateway.messages] == [
        ["Airflow: DAG run succeeded", "DAG well"]
    ]


def test_a_dag_level_template_that_fails_still_tells(airflow_db, nusawa_gateway):
    broken = NusaWaNotifier(to=TO, text="{{ exception.args[0] }}")  # a Dag-level context has no exception
    with DAG("broken_text", schedule=None, start_date=START, on_success_callback=broken) as dag:
        task(task_id="one")(lambda: 1)()

    run(dag)

    [message] = nusawa_gateway.messages
    assert message.text.splitlines()[1].startswith("template failed: UndefinedError: 'exception' is undefined")


def test_a_gateway_that_is_gone_changes_no_tasks_state(airflow_db, nusawa_gateway):
    nusawa_gateway.fail_next(500, times=-1)
    hooks = {f"on_{event}_callback": NusaWaNotifier(to=TO) for event in EVENTS}
    with DAG("gone", schedule=None, start_date=START, default_args=hooks) as dag:
        task(task_id="one")(lambda: 1)()

    assert run(dag) == {"one": "success"}
    assert len(nusawa_gateway.requests) == 2


@pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="task state came with Airflow 3.3")
def test_within_a_task_the_same_event_is_told_once_through_the_tasks_own_store(airflow_db, nusawa_gateway):
    twice = [NusaWaNotifier(to=TO, text="Halo"), NusaWaNotifier(to=TO, text="Halo")]
    with DAG("told_once", schedule=None, start_date=START, default_args={"on_success_callback": twice}) as dag:
        task(task_id="one")(lambda: 1)()

    run(dag)

    assert len(nusawa_gateway.messages) == 1


def test_a_retry_callback_does_without_a_store_and_says_nothing_of_it(airflow_db, nusawa_gateway, caplog):
    often = NusaWaNotifier(to=TO, text="Halo", min_interval=timedelta(hours=1))
    with DAG("often", schedule=None, start_date=START, default_args={"on_retry_callback": often}) as dag:

        @task(retries=3, retry_delay=timedelta(0))
        def fail():
            raise ValueError

        fail()

    run(dag)

    assert len(nusawa_gateway.messages) == 1
    assert "could not be written down" not in caplog.text
    assert caplog.text.count("min_interval holds within this process only") == 1


@pytest.mark.skipif(not AIRFLOW_V_3_0_PLUS, reason="human in the loop needs Airflow 3")
def test_a_humans_turn_is_told(nusawa_gateway):
    hitl = pytest.importorskip("airflow.providers.standard.operators.hitl")
    notifier = NusaWaNotifier(to=TO)
    with DAG("ask", schedule=None, start_date=START):
        ask = hitl.ApprovalOperator(task_id="approve", subject="Send?", notifiers=[notifier])

    for one in ask.notifiers:  # as HITLOperator.execute does, which then waits for ever
        one({"task": ask, "dag": ask.dag, "run_id": "r1"})

    assert [message.text.splitlines()[0] for message in nusawa_gateway.messages] == [
        "Airflow: task waits for a person's answer"
    ]
