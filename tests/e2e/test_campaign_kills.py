"""A campaign's task and its whole worker killed at seeded moments on a real Airflow, on both kinds of ledger."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS
from campaign_run import CampaignRun, connection
from postgres import Postgres, postgres_or_skip
from seeds import PER_CAMPAIGN, SEEDS, api_of, campaigns

from airflow_provider_nusawa.emulator import Account, Backend
from airflow_provider_nusawa.emulator.serving import serve
from airflow_provider_nusawa.gateway.dialects import DIALECTS
from dev.house import House

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="one Airflow shows it; these minutes are better spent elsewhere"),
]

RATE = 100
QUICK = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "2",
}
"""Who is killed is missed within seconds: a task by its scheduler, a scheduler and its tasks by the next one."""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres_or_skip() as server:
        yield server


@pytest.fixture(scope="module")
def backend() -> Backend:
    backend = Backend(Account(balance=1_000_000), keep_requests=300_000)
    backend.rules.latency_seconds["send"] = 0.1
    return backend


@pytest.fixture(scope="module")
def airflow(server: Postgres, backend: Backend) -> Iterator[House]:
    """An Airflow with a connection for each kind of ledger and each dialect."""
    server.new_database("ledger")
    ledger = {"conn_type": "postgres", "host": str(server.home), "login": "nusawa", "schema": "ledger"}
    with serve(backend) as url:
        connections = {
            f"AIRFLOW_CONN_{kind}_{api}".upper(): connection(backend, url, api, rate_per_second=RATE, **named)
            for kind, named in (("by_file", {}), ("by_server", {"ledger_conn_id": "ledger"}))
            for api in DIALECTS
        }
        connections["AIRFLOW_CONN_LEDGER"] = json.dumps(ledger)
        with House(environ={**QUICK, **connections}, say=print) as house:
            yield house


def ledger_urls(house: House, server: Postgres) -> dict[str, str]:
    return {
        "by_file": f"sqlite:///{house.home}/nusawa-ledger.sqlite",
        "by_server": f"postgresql://nusawa@/ledger?host={server.home}",
    }


def kill_tasks(house: House, runs: list[CampaignRun]) -> None:
    for run in runs:
        with suppress(psutil.NoSuchProcess, TypeError):  # it may have ended by itself
            run.task_process().kill()


def kill_worker(house: House, runs: list[CampaignRun]) -> None:
    """End the scheduler, which is the worker too, and all tasks with it; then start it anew."""
    house.parts.pop("scheduler").kill()
    house.start_part("scheduler")


WAYS = {"task": kill_tasks, "worker": kill_worker}
BY_TURNS = [("task", "worker")] if len(SEEDS) <= PER_CAMPAIGN else [("task",), ("worker",)]
"""Ways to kill: a few seeds take them by turns, many take each of them."""


@pytest.mark.parametrize("ways", BY_TURNS, ids="+".join)
@pytest.mark.parametrize("seeds", campaigns())
def test_kills_amid_five_thousand_message_nobody_twice(
    airflow: House, backend: Backend, server: Postgres, seeds: range, ways: tuple[str, ...]
) -> None:
    name = f"{'_'.join(ways)}_{seeds[0]}"
    group = 2 * (seeds[0] // PER_CAMPAIGN + 4 * (ways == ("worker",)))
    # Both ledgers at once, each beside another dialect, and beside the other one with the next seeds.
    conn_ids = {f"{kind}_{api_of(seeds[0] + place)}": kind for place, kind in enumerate(("by_file", "by_server"))}
    urls = ledger_urls(airflow, server)
    runs = [
        CampaignRun(airflow, backend, f"{name}_{kind}", group + place, conn_id=conn_id, ledger_url=urls[kind])
        for place, (conn_id, kind) in enumerate(conn_ids.items())
    ]

    for seed in seeds:
        for run in runs:
            run.until_sending()
        time.sleep(random.Random(seed).uniform(0, 5))
        WAYS[ways[seed % len(ways)]](airflow, runs)
        for run in runs:
            run.note_what_is_under_way()

    for run in runs:
        run.check()
        assert run.row["try_number"] > 1


def test_two_runs_of_one_campaign_share_the_work(airflow: House, backend: Backend, server: Postgres) -> None:
    url = ledger_urls(airflow, server)["by_file"]
    first = CampaignRun(airflow, backend, "shared", 99, conn_id="by_file_v1", ledger_url=url, people=2500)
    first.until_sending()

    second = first.again()
    airflow.until(lambda: len(first.senders()) == 2, 60, second.last_words)

    for run in (first, second):
        run.check()
