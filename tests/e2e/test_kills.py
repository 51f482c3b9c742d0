"""Processes killed and frozen at seeded moments amid 30-recipient sends: nobody twice, everybody accounted for."""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from textwrap import dedent

import psutil
import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

from airflow_provider_nusawa.testing import Backend, NusaWaGateway, serve
from dev.house import House

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="tasks remember from Airflow 3.3 on"),
]

PEOPLE = 30
RATE = 20
"""A second's worth goes on record at once: no interruption may leave more than that unknown."""

SEEDS = range(int(os.environ.get("NUSAWA_SEEDS", "5")))
SEEDS_OF = {"v3": SEEDS, "v1": SEEDS if "NUSAWA_SEEDS" in os.environ else range(2)}
"""Nothing that a kill can meet is the dialect's: the second takes fewer unless many are asked for."""

NOTICE_SECONDS = 12
"""After so long without a heartbeat Airflow takes a task for dead."""

SENDS = """
from datetime import datetime, timedelta, timezone
from airflow.sdk import dag
from airflow_provider_nusawa.operators import NusaWaSendMessageOperator

@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), render_template_as_native_obj=True,
     max_active_runs=50)
def sends():
    NusaWaSendMessageOperator(task_id="send", to="{{ dag_run.conf['to'] }}", text="Halo, try {{ ti.try_number }}",
                              nusawa_conn_id="{{ dag_run.conf['via'] }}", retries=4, retry_delay=timedelta(seconds=1))

@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), render_template_as_native_obj=True)
def short_of_time():
    NusaWaSendMessageOperator(task_id="send", to="{{ dag_run.conf['to'] }}", text="Halo",
                              nusawa_conn_id="{{ dag_run.conf['via'] }}",
                              execution_timeout=timedelta(seconds=4), retries=1, retry_delay=timedelta(seconds=1))

sends()
short_of_time()
"""


@pytest.fixture(scope="module")
def airflow():
    """A real Airflow that soon notices dead tasks, and a gateway that takes its time."""
    backend = Backend()
    backend.rules.latency_seconds["send"] = 0.2
    with pytest.MonkeyPatch.context() as monkeypatch, serve(backend) as url:
        gateway = NusaWaGateway(url, backend, monkeypatch)
        for api in SEEDS_OF:
            gateway.use(f"kills_{api}", api_version=api, rate_per_second=RATE)
        quick = {
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(NOTICE_SECONDS),
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
            "AIRFLOW__CORE__PARALLELISM": "8",
        }
        with House(environ=quick, say=print) as house:
            house.add_dag("sends", dedent(SENDS))
            yield house, gateway


class Run:
    """One Dag run that sends to 30 people of its own.

    :param prefix: Up to three digits that no other run of the session and the API has.
    :param left: Whom only a later try can have sent to.
    """

    def __init__(self, airflow, api: str, prefix: int, people: int = PEOPLE, dag_id: str = "sends") -> None:
        self.house, self.gateway = airflow
        self.api = api
        self.dag_id = dag_id
        self.left: list[str] = []
        self.numbers = [f"62812{[*SEEDS_OF].index(api)}{prefix:03d}{n:03d}" for n in range(people)]
        self.house.until(self._trigger, 60, "the run was not started")

    def _trigger(self) -> bool:
        try:
            self.run_id = self.house.trigger(self.dag_id, {"to": self.numbers, "via": f"kills_{self.api}"})
        except RuntimeError as error:  # several at once are a little much for SQLite
            if "Database error" not in str(error):
                raise
            return False
        return True

    def accepted(self, number: str) -> int:
        return len(self.gateway.sent_to(number))

    def until_sending(self) -> None:
        asked = set(self.numbers)
        self.house.until(lambda: any(r.number in asked for r in self.gateway.requests), 120, "nothing was sent")

    @property
    def row(self):
        (row,) = self.house.books.tasks(self.dag_id, self.run_id)
        return row

    def task_process(self) -> psutil.Process:
        return psutil.Process(self.row["pid"])

    def interrupted(self) -> None:
        """Note who is left: before all of the first group were asked, none of the second was on record."""
        asked = {request.number for request in self.gateway.requests}
        self.left = self.numbers[RATE:] if not asked.issuperset(self.numbers[:RATE]) else []

    def end(self) -> str:
        return self.house.wait(self.dag_id, self.run_id, timeout=180)

    def check(self) -> None:
        """The promise, by the gateway's books and by the task's own words."""
        state = self.end()
        receipts = self.house.books.xcom(self.dag_id, self.run_id, "send")
        outcomes = dict(zip(self.numbers, [receipt["outcome"] for receipt in receipts], strict=True))
        log = self.house.books.task_logs(self.dag_id, self.run_id)[-3000:]

        assert [number for number in self.numbers if self.accepted(number) > 1] == [], "messaged twice"
        assert set(outcomes.values()) <= {"accepted", "unknown"}, log
        assert list(outcomes.values()).count("unknown") <= RATE, log
        assert [number for number in self.left if outcomes[number] != "accepted"] == [], "the next try sent nothing"
        assert {receipt["api"] for receipt in receipts} == {self.api}
        assert [n for n in self.numbers if outcomes[n] == "accepted" and not self.accepted(n)] == [], "never sent"
        assert (state == "success") == ("unknown" not in outcomes.values()), log


def _kill_task(task: psutil.Process) -> None:
    task.kill()


def _kill_supervisor(task: psutil.Process) -> None:
    task.parent().kill()


def _kill_worker(task: psutil.Process) -> None:
    supervisor = task.parent()
    supervisor.kill()
    task.kill()


WAYS = [_kill_task, _kill_supervisor, _kill_worker]


each_api = pytest.mark.parametrize("api", SEEDS_OF)


@each_api
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.removeprefix("_kill_"))
def test_a_kill_at_any_moment_messages_nobody_twice(airflow, way, api):
    def one(seed: int) -> Run:
        run = Run(airflow, api, WAYS.index(way) * 100 + seed)
        run.until_sending()
        time.sleep(random.Random(seed).uniform(0, 1.8))
        with suppress(psutil.NoSuchProcess):  # it may have ended by itself
            way(run.task_process())
        run.interrupted()
        run.end()
        return run

    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(one, SEEDS_OF[api]))

    for run in runs:
        run.check()


@each_api
def test_two_tries_that_live_at_once_message_nobody_twice(airflow, api):
    """The first is frozen until Airflow has given it up and the second is done; then it wakes up and goes on."""
    run = Run(airflow, api, 900)
    run.until_sending()
    task = run.task_process()
    frozen = [task.parent(), task]
    for process in frozen:
        process.suspend()
    run.interrupted()

    try:
        run.end()
    finally:
        for process in frozen:
            process.resume()
    psutil.wait_procs([task], timeout=30)

    assert run.row["try_number"] > 1
    run.check()


@each_api
def test_a_task_whose_time_is_up_between_post_and_answer_has_it_on_record(airflow, api):
    house, gateway = airflow
    hanging = {"v3": "628120800000", "v1": "628121800000"}[api]
    gateway.fail_next("hang_after", number=hanging)
    run = Run(airflow, api, 800, people=2, dag_id="short_of_time")

    assert run.numbers[0] == hanging
    run.check()

    receipts = house.books.xcom("short_of_time", run.run_id, "send")
    assert [receipt["outcome"] for receipt in receipts] == ["unknown", "accepted"]


@each_api
def test_marking_a_task_failed_and_clearing_it_messages_nobody_twice(airflow, api):
    house, _ = airflow
    run = Run(airflow, api, 700)
    run.until_sending()

    path = f"/api/v2/dags/sends/dagRuns/{run.run_id}/taskInstances/send"
    assert house.web.ask("PATCH", path, {"new_state": "failed"})[0] == 200
    task = run.task_process()
    psutil.wait_procs([task], timeout=60)
    clear = {"dry_run": False, "dag_run_id": run.run_id, "only_failed": True, "reset_dag_runs": True}
    assert house.web.ask("POST", "/api/v2/dags/sends/clearTaskInstances", clear)[0] == 200
    house.until(lambda: run.row["state"] in ("success", "failed") and run.row["try_number"] > 1, 120, "not run again")

    run.check()
