"""The main job on a real Airflow: two hundred messages sent by one task, awaited by many, asked after by one loop."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from textwrap import dedent

import pytest

pytestmark = pytest.mark.e2e

PEOPLE, SHARES, RATE = 200, 10, 40
FIRST_SECONDS = 4.0
LOOKS_SEEN = 2
"""So often each message is asked after in the triggerer before any is delivered."""

WAITS = f"""
from datetime import datetime, timezone
from airflow.providers.common.compat.sdk import dag, task
from airflow_provider_nusawa.operators import NusaWaSendMessageOperator
from airflow_provider_nusawa.sensors import NusaWaDeliverySensor

# No event comes within seconds of a deferral here: nothing is delivered until all wait.
ON = dict(nusawa_conn_id="forty_a_second")
WAIT = dict(**ON, deferrable=True, first_poll_seconds={FIRST_SECONDS}, longest_poll_seconds=60, timeout=600)

@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), render_template_as_native_obj=True)
def two_hundred():
    send = NusaWaSendMessageOperator(task_id="send", to="{{{{ dag_run.conf['to'] }}}}", text="Halo", **ON)

    @task
    def shares(receipts):
        return [receipts[first::{SHARES}] for first in range({SHARES})]

    NusaWaDeliverySensor(task_id="wait_for_all", messages=send.output, required=0.95, **WAIT)
    NusaWaDeliverySensor.partial(task_id="wait", **WAIT).expand(messages=shares(send.output))

two_hundred()
"""
WAITING = {"wait_for_all", *(f"wait[{share}]" for share in range(SHARES))}


@dataclass
class Waited:
    """What was seen of the run.

    :param since: The last look before all waited in the triggerer, which may be a worker's; by the clock of the books.
    :param until: When the first message was delivered.
    :param connections: How many led to the gateway, at each look in between.
    """

    states: dict[str, str | None]
    reports: list[list[dict[str, object]]]
    asked: list[tuple[str, float]] = field(repr=False)
    since: float
    until: float

    def asked_while_waiting(self) -> dict[str, list[float]]:
        """Return the times of the triggerer's looks at each message."""
        looks: dict[str, list[float]] = {}
        for message_id, arrived in self.asked:
            if self.since < arrived <= self.until:
                looks.setdefault(message_id, []).append(arrived)
        return looks


@pytest.fixture(scope="module")
def waited(real_airflow, spawned_gateway) -> Waited:
    house, gateway = real_airflow, spawned_gateway
    gateway.order("reset")
    gateway.order("clock", frozen=True)
    extra = json.dumps({"rate_per_second": RATE})
    house.web.create_connection({**gateway.connection, "connection_id": "forty_a_second", "extra": extra})
    house.add_dag("two_hundred", dedent(WAITS))
    run_id = house.trigger("two_hundred", {"to": [f"62812555{n:05d}" for n in range(PEOPLE)]})

    def states() -> dict[str, str | None]:
        return house.books.task_states("two_hundred", run_id)

    def asked() -> list[tuple[str, float]]:
        requests = gateway.ask("requests", call="dr", limit=0)
        return [(request["fields"]["ref_no"], request["arrived"]) for request in reversed(requests)]

    house.until(
        lambda: {name for name, state in states().items() if state == "deferred"} == WAITING, 240, lambda: str(states())
    )
    since = asked()[-1][1]

    def looked_twice() -> bool:
        return sum(arrived > since for _, arrived in asked()) >= LOOKS_SEEN * PEOPLE

    house.until(looked_twice, 120, lambda: f"only {len(asked())} looks")
    until = asked()[-1][1]
    gateway.order("clock", frozen=False, advance_seconds=60)
    house.wait("two_hundred", run_id, timeout=240)
    reports = [house.books.xcom("two_hundred", run_id, "wait", map_index=share) for share in range(SHARES)]
    return Waited(states(), reports, asked(), since, until)


def test_all_waits_end_well(waited):
    assert {waited.states[name] for name in WAITING} == {"success"}
    assert all(report["delivered"] for reports in waited.reports for report in reports)
    assert len({report["message_id"] for reports in waited.reports for report in reports}) == PEOPLE


def test_one_loop_asks_after_a_message_once_in_an_interval_though_two_tasks_wait_for_it(waited):
    looks = waited.asked_while_waiting()
    gaps = [after - before for times in looks.values() for before, after in pairwise(times)]

    assert len(looks) == PEOPLE
    assert len(gaps) >= PEOPLE // 2
    assert min(gaps) >= FIRST_SECONDS


def test_the_looks_keep_the_pace_of_the_connection(waited):
    times = sorted(arrived for looks in waited.asked_while_waiting().values() for arrived in looks)
    most = max(sum(start <= arrived < start + 2 for arrived in times) for start in times)

    assert most <= 2 * RATE * 1.5  # a busy machine wakes some of them late, and so closer together
